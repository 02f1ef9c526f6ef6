import { resolveEndpoint } from '../../config/endpoint.ts';
import { UsageError } from '../../data/errors.ts';
import { plural } from '../../run/text/words.ts';
import { askApiKey, keyOf } from '../askApiKey.ts';
import { keysNeeded } from '../apiKeys.ts';
import type { KeyNeed } from '../apiKeys.ts';
import type { Session } from '../context.ts';
import { Dismissed } from '../errors.ts';
import { notify, withProgress } from '../messages.ts';
import { isSetUp, setUpEmbedded } from '../embeddedModel.ts';
import { modelsOf, tryModel } from '../optimize/models.ts';
import type { OpenAiEndpoint } from '../optimize/models.ts';
import { choose } from '../optimize/picker.ts';
import { requireTrust } from '../trust.ts';
import { pick } from './targets.ts';

interface Named {
  readonly endpoint: OpenAiEndpoint;
  /** Models that programs of the configuration ask of it. */
  readonly models: readonly string[];
}

export async function setApiKey({ roots, keys }: Session): Promise<void> {
  const needs = endpointsIn(roots.all).flatMap(({ endpoint }) =>
    keysNeeded(endpoint).map((need) => ({ need, endpoint })),
  );
  const distinct = needs.filter(({ need }, i) => needs.findIndex((other) => same(other.need, need)) === i);
  if (distinct.length === 0) {
    throw new UsageError('No endpoint in bettertogether.json wants a key: name its variable under "apiKeyEnv".');
  }
  const choices = await Promise.all(
    distinct.map(async ({ need, endpoint }) => ({
      label: endpoint.name,
      description: `${need.env} for ${need.baseURL}`,
      detail: (await keys.get(need)) === undefined ? 'no key is kept' : 'a key is kept',
      value: need,
    })),
  );
  const need = pick(await choose({ title: 'Set API Key', placeholder: 'Endpoint', choices }));
  const key = await askApiKey(need, 'Empty: the kept key is taken away.');
  await keys.set(need, key);
  const done = key === '' ? 'is not kept any more' : 'is kept';
  void notify('info', `The key for ${need.baseURL} ${done}.`);
}

export async function testEndpoint({ roots, keys, log }: Session): Promise<void> {
  requireTrust('Testing an endpoint');
  const all = endpointsIn(roots.all);
  if (all.length === 0) throw new UsageError('bettertogether.json names no endpoint but the embedded one.');
  const choices = all.map((value) => ({ label: value.endpoint.name, description: value.endpoint.baseURL, value }));
  const chosen =
    all.length === 1 ? all[0]! : pick(await choose({ title: 'Test Endpoint', placeholder: 'Endpoint', choices }));
  const { endpoint, models } = chosen;
  const key = await keyOf(keys, endpoint);
  const text = await withProgress(`Testing ${endpoint.name}`, async () => {
    const served = await modelsOf(endpoint, key);
    const model = models[0] ?? served[0];
    const missing = models.filter((each) => !served.includes(each));
    const warning =
      missing.length === 0 ? '' : ` It does not list ${missing.join(', ')}, which the configuration asks for.`;
    const answered = model === undefined ? '' : ` ${model} answered in ${await tryModel(endpoint, model, key)} ms.`;
    return `${endpoint.name} serves ${plural(served.length, 'model')}.${answered}${warning}`;
  });
  log.info(text);
  void notify('info', text);
}

export async function setUpEmbeddedModel({ cli, home }: Session): Promise<void> {
  const folder = home();
  if (isSetUp(folder)) {
    const again = 'Check Again';
    const chosen = await notify('info', `The embedded model is set up in ${folder}.`, again);
    if (chosen !== again) throw new Dismissed();
  }
  await setUpEmbedded(cli, folder);
  void notify('info', 'The embedded model is ready.');
}

function endpointsIn(roots: Session['roots']['all']): readonly Named[] {
  return roots.flatMap(({ loaded }) =>
    Object.keys(loaded.config.endpoints ?? {}).flatMap((name) => {
      const endpoint = resolveEndpoint(loaded, name, 'bettertogether.json');
      if (endpoint.kind === 'embedded') return [];
      const users = Object.values(loaded.config.programs ?? {}).filter((program) => program.endpoint === name);
      return [{ endpoint, models: [...new Set(users.flatMap(({ model }) => model ?? []))] }];
    }),
  );
}

function same(a: KeyNeed, b: KeyNeed): boolean {
  return a.env === b.env && a.baseURL === b.baseURL;
}
