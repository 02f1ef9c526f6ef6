import * as l10n from '../../base/l10n.ts';
import { resolveEditor, resolveEndpoint } from '../../config/endpoint.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { modelsAsked } from '../../config/namedModels.ts';
import type { ResolvedService } from '../../config/resolved.ts';
import { editorName } from '../../data/editorEndpoint.ts';
import { UsageError } from '../../base/errors.ts';
import { endpointLines, endpointSentences } from '../../run/text/endpointText.ts';
import { endpointReportSchema } from '../../view/endpointReport.ts';
import { childEnvironment, runCli } from '../processes/childProcess.ts';
import { askApiKey, keyOf } from '../keys/askApiKey.ts';
import { keysNeeded } from '../keys/apiKeys.ts';
import type { KeyNeed } from '../keys/apiKeys.ts';
import type { ChatModels } from '../models/chatModels.ts';
import { allowModel, allowModels } from '../models/modelPermission.ts';
import type { Session } from '../session/session.ts';
import { Dismissed } from '../base/errors.ts';
import { notify, withProgress } from '../base/messages.ts';
import { isSetUp, setUpEmbedded } from '../processes/embeddedModel.ts';
import type { OpenAiEndpoint } from '../../run/services/listedModels.ts';
import { choose } from '../base/picker.ts';
import { requireTrust } from '../base/trust.ts';
import { pick } from '../session/targets.ts';

interface Named {
  readonly loaded: LoadedConfig;
  /** Of the kind "openai", or the models of the editor. */
  readonly endpoint: OpenAiEndpoint | ResolvedService;
}

export async function setApiKey({ roots, keys }: Session): Promise<void> {
  const needs = endpointsIn(roots.all).flatMap(({ endpoint }) => keysOf(endpoint).map((need) => ({ need, endpoint })));
  const distinct = needs.filter(({ need }, i) => needs.findIndex((other) => same(other.need, need)) === i);
  if (distinct.length === 0) {
    throw new UsageError(
      l10n.t('No endpoint in bettertogether.json wants a key: name its variable under "apiKeyEnv".'),
    );
  }
  const choices = await Promise.all(
    distinct.map(async ({ need, endpoint }) => ({
      label: endpoint.name,
      description: l10n.t`${need.env} for ${need.baseURL}`,
      detail: (await keys.get(need)) === undefined ? l10n.t('no key is kept') : l10n.t('a key is kept'),
      value: need,
    })),
  );
  const need = pick(await choose({ title: l10n.t('Set API Key'), placeholder: l10n.t('Endpoint'), choices }));
  const key = await askApiKey(need, l10n.t('Empty: the kept key is taken away.'));
  await keys.set(need, key);
  const { baseURL } = need;
  void notify(
    'info',
    key === '' ? l10n.t`The key for ${baseURL} is not kept any more.` : l10n.t`The key for ${baseURL} is kept.`,
  );
}

export async function testEndpoint({ roots, keys, log, cli, home, chatModels }: Session): Promise<void> {
  requireTrust(l10n.t('Testing an endpoint'));
  const all = endpointsIn(roots.all);
  if (all.length === 0) throw new UsageError(l10n.t('bettertogether.json names no endpoint but the embedded one.'));
  const choices = all.map((value) => ({ label: value.endpoint.name, description: placeOf(value.endpoint), value }));
  const [title, placeholder] = [l10n.t('Test Endpoint'), l10n.t('Endpoint')];
  const chosen = all.length === 1 ? all[0]! : pick(await choose({ title, placeholder, choices }));
  const { endpoint, loaded } = chosen;
  const folder = loaded.workspace;
  if (!('kind' in endpoint)) await allowAsked(chatModels, loaded, endpoint.name);
  const key = 'kind' in endpoint ? await keyOf(keys, endpoint) : undefined;
  const given = key === undefined || endpoint.apiKeyEnv === null ? {} : { [endpoint.apiKeyEnv]: key };
  const report = await withProgress(
    l10n.t`Testing ${endpoint.name}`,
    async ({ token }) => {
      const env = childEnvironment(process.env, home(), given);
      // Who chose the endpoint here, and entered its key, has said yes.
      const said = await runCli(['endpoint', endpoint.name, '--json', '--yes'], { cli, cwd: folder, env, token });
      return endpointReportSchema.parse(JSON.parse(said));
    },
    { cancellable: true },
  );
  log.info(endpointLines(report).join('\n'));
  void notify('info', endpointSentences(report));
}

export async function setUpEmbeddedModel({ cli, home }: Session): Promise<void> {
  const folder = home();
  if (isSetUp(folder)) {
    const again = l10n.t('Check Again');
    const chosen = await notify('info', l10n.t`The embedded model is set up in ${folder}.`, again);
    if (chosen !== again) throw new Dismissed();
  }
  await setUpEmbedded(cli, folder);
  void notify('info', l10n.t('The embedded model is ready.'));
}

function endpointsIn(roots: Session['roots']['all']): readonly Named[] {
  return roots.flatMap(({ loaded }) =>
    Object.keys(loaded.config.endpoints ?? {}).flatMap((name) => {
      const ofEditor = resolveEditor(loaded, name);
      if (ofEditor !== null) return [{ endpoint: ofEditor, loaded }];
      const endpoint = resolveEndpoint(loaded, name, 'bettertogether.json');
      return endpoint.kind === 'embedded' ? [] : [{ endpoint, loaded }];
    }),
  );
}

/** Those that the configuration asks there; where it asks none, the one that is looked at. */
async function allowAsked(models: ChatModels, loaded: LoadedConfig, endpoint: string): Promise<void> {
  const asked = modelsAsked(loaded, endpoint);
  if (asked.length > 0)
    return allowModels(
      models,
      asked.map((model) => ({ key: endpoint, model })),
    );
  const [first] = await models.list();
  if (first !== undefined) await allowModel(models, first);
}

function keysOf(endpoint: Named['endpoint']): readonly KeyNeed[] {
  return 'kind' in endpoint ? keysNeeded(endpoint) : [];
}

function placeOf(endpoint: Named['endpoint']): string {
  return 'kind' in endpoint ? endpoint.baseURL : editorName;
}

function same(a: KeyNeed, b: KeyNeed): boolean {
  return a.env === b.env && a.baseURL === b.baseURL;
}
