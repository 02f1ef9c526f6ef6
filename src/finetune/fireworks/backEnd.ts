import { EndpointRefused } from '../../engine/errors.ts';
import { given } from '../../base/given.ts';
import { hostedClient } from '../base/hostedClient.ts';
import { noAccount } from '../base/noAccount.ts';
import { onceAllowed } from '../serving/onceAllowed.ts';
import { ServiceClient } from '../base/serviceClient.ts';
import { timingOf } from '../base/timing.ts';
import { adaptersOf } from '../serving/folderModels.ts';
import type { BackEnd, BackEndQuestion, TrainerParts } from '../serving/backEnd.ts';
import { FireworksDeployments } from './deployments.ts';
import { createFireworksTrainer } from './fireworksTrainer.ts';
import { Gateway } from './gateway.ts';
import { namingOf } from './names.ts';
import type { FireworksSettings } from './settings.ts';

export const fireworksBackEnd: BackEnd<FireworksSettings> = {
  require: (settings, question) => requireAccount(settings, question),
  adapters: (settings, parts) => adaptersOf(models(settings, parts), `endpoints.${parts.endpoint}.loraServing`),
  models,
  deploymentOf: ({ account }, model) => namingOf(account, true).deploymentOf(model),
  deployments({ account, deploy }, { service, warn, retry }) {
    if (deploy === 'none') return null;
    const client = hostedClient(service, warn, retry);
    return new FireworksDeployments(new Gateway(client, account), namingOf(account, true), deploy);
  },
};

/** Rows a job needs at least, by its documentation. */
const leastRows = 3;

function models(settings: FireworksSettings, parts: TrainerParts) {
  const { connection, service, model, retry, account: entered = noAccount, warn } = parts;
  const { account, deploy, extra, minRows } = settings;
  const answering = new ServiceClient({ connection, who: 'Endpoint', onWarning: warn, ...given({ retry }) });
  return createFireworksTrainer({
    account,
    naming: namingOf(account, deploy !== 'none'),
    service: hostedClient(service!, warn, retry),
    answering: deploy === 'none' ? answering : null,
    base: { served: model, trainedAs: settings.model ?? model },
    ...given({ extra }),
    leastRows: minRows ?? leastRows,
    ...timingOf(settings),
    entered,
  });
}

/** Whether the account is there and the key is one of it, by its list of jobs, which costs nothing. */
async function requireAccount({ account }: FireworksSettings, question: BackEndQuestion): Promise<void> {
  await onceAllowed(['fireworks account', account], question, async (service, retry) => {
    const gateway = new Gateway(
      hostedClient(service, () => undefined, retry),
      account,
    );
    const path = '/supervisedFineTuningJobs?pageSize=1';
    if ((await gateway.find('its fine-tuning jobs', path, question.signal)) !== null) return;
    const { baseURL } = service.endpoint;
    throw new EndpointRefused(
      `The training service of "${question.endpoint}" (${baseURL}) knows no account "${account}": check ` +
        `endpoints.${question.endpoint}.fineTune.account, and that the base URL is Fireworks' gateway.`,
    );
  });
}
