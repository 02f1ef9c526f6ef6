import { given } from '../../base/given.ts';
import { EndpointRefused } from '../../engine/errors.ts';
import { noAccount } from '../base/noAccount.ts';
import { hostedClient } from '../base/hostedClient.ts';
import { ServiceClient } from '../base/serviceClient.ts';
import { timingOf } from '../base/timing.ts';
import { adaptersOf } from '../serving/folderModels.ts';
import type { BackEnd, BackEndQuestion, TrainerParts } from '../serving/backEnd.ts';
import { onceAllowed } from '../serving/onceAllowed.ts';
import { TogetherApi } from './api.ts';
import { TogetherDeployments } from './deployments.ts';
import { servedIn } from './names.ts';
import type { TogetherSettings } from './settings.ts';
import { createTogetherTrainer } from './togetherTrainer.ts';

export const togetherBackEnd: BackEnd<TogetherSettings> = {
  require: (settings, question) => requireJobs(settings, question),
  adapters: (settings, parts) => adaptersOf(models(settings, parts), `endpoints.${parts.endpoint}.loraServing`),
  models,
  // An endpoint by its name: it has one deployment, and is made and removed with it.
  deploymentOf: (_, model) => servedIn(model)?.endpoint ?? null,
  deployments({ deploy, pollSeconds }, { service, warn, retry }) {
    if (deploy === 'none') return null;
    const setting = `endpoints.${service.endpoint.name}.deploy`;
    return new TogetherDeployments({
      api: new TogetherApi(hostedClient(service, warn, retry)),
      deploy,
      setting,
      pollSeconds,
    });
  },
};

function models(settings: TogetherSettings, parts: TrainerParts) {
  const { connection, service, model, retry, account: entered = noAccount, warn, capabilities } = parts;
  const { deploy, extra, minRows } = settings;
  const answering = new ServiceClient({ connection, who: 'Endpoint', onWarning: warn, ...given({ retry }) });
  return createTogetherTrainer({
    // Its settings have an address, so it is connected.
    api: new TogetherApi(hostedClient(service!, warn, retry)),
    rows: { layout: 'joined', textAsChat: !capabilities.completions },
    answering: deploy === 'none' ? answering : null,
    base: { served: model, trainedAs: settings.model ?? model },
    ...given({ extra }),
    leastRows: minRows ?? 1,
    ...timingOf(settings),
    entered,
  });
}

/** Whether it has jobs, and where runs deploy a project to do it in: two free questions. */
async function requireJobs({ deploy }: TogetherSettings, question: BackEndQuestion): Promise<void> {
  await onceAllowed(['together', deploy !== 'none'], question, async (service, retry) => {
    const { endpoint, signal } = question;
    const api = new TogetherApi(hostedClient(service, () => undefined, retry));
    if ((await api.ask('its fine-tuning jobs', 'GET', '/v1/fine-tunes', { taken: [404, 405] }, signal)) === null) {
      throw new EndpointRefused(
        `The training service of "${endpoint}" (${service.endpoint.baseURL}) has no fine-tuning jobs of Together's: ` +
          `check endpoints.${endpoint}.fineTune.baseURL (https://api.together.ai/v1).`,
      );
    }
    if (deploy !== 'none') await api.project(signal);
  });
}
