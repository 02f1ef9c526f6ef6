/** Endpoints that programs use: whether they answer, serve the models that are named, and can train. */
import { remoteHost } from '../../config/endpoint.ts';
import type { ResolvedEndpoint, ResolvedService } from '../../config/resolved.ts';
import { trainingService } from '../../config/trainer.ts';
import type { Service } from '../../config/trainer.ts';
import { defaultModel } from '../../embedded/setup/model.ts';
import { quoted } from '../../view/words.ts';
import { connect, type Connection } from '../../lm/connection.ts';
import { defineEndpoint } from '../../lm/endpoint.ts';
import { learnRefusals, unmetered } from '../../lm/capabilities.ts';
import { passingRefusals } from '../../lm/refusals.ts';
import { modelsOf, NoListThere } from '../services/listedModels.ts';
import type { OpenAiEndpoint } from '../services/listedModels.ts';
import { whyNoTraining } from '../services/trainingService.ts';
import { failing, good, note, wrong } from './finding.ts';
import type { Finding } from './finding.ts';

/** An endpoint, and what programs want of it. */
export interface UsedEndpoint {
  readonly endpoint: ResolvedEndpoint;
  readonly models: readonly string[];
  /** A strategy of theirs has a weight step. */
  readonly trains: boolean;
}

export interface Asking {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** Whether the person agreed that this host is asked, with the key that was named for it. */
  mayAsk(service: Service, host: string): Promise<boolean>;
}

export async function endpointFindings(used: UsedEndpoint, asking: Asking): Promise<readonly Finding[]> {
  const { endpoint } = used;
  if (endpoint.kind === 'embedded') return embeddedModels(used);
  const found = await serviceFindings({ service: endpoint, models: used.models }, asking);
  const isUp = found.some(({ part, verdict }) => part === 'endpoint' && verdict === 'good');
  return used.trains && isUp ? [...found, ...(await trainer(endpoint, asking))] : found;
}

type NamedService = Service & { readonly name: string };

/** An endpoint that answers, and the models that are asked there. */
export interface UsedService {
  readonly service: NamedService & Pick<ResolvedService, 'editor'>;
  readonly models: readonly string[];
}

/** Whether it has its key, answers and serves the models. */
export async function serviceFindings({ service, models }: UsedService, asking: Asking): Promise<readonly Finding[]> {
  if (service.editor === true) {
    const about = { part: 'endpoint', of: service.name } as const;
    return [note(about, 'models of VS Code: they answer while a window has this folder open')];
  }
  const key = keyFinding(service, service, asking.env);
  if (key?.verdict === 'wrong') return [key];
  return [...(key === null ? [] : [key]), ...(await answersFindings(service, models, asking))];
}

/** The endpoint itself is started when it is needed: what it needs is looked at with the set-up. */
function embeddedModels({ endpoint, models }: UsedEndpoint): readonly Finding[] {
  const own = endpoint.kind === 'embedded' && endpoint.modelFile === undefined ? [defaultModel.name as string] : [];
  return models
    .filter((model) => own.length > 0 && !own.includes(model))
    .map((model) =>
      note({ part: 'model', of: model }, `the endpoint comes with ${own.join()}; is it tuned from that?`),
    );
}

/** `null`: none is needed. */
function keyFinding({ name }: Pick<NamedService, 'name'>, service: Service, env: NodeJS.ProcessEnv): Finding | null {
  const { apiKeyEnv } = service;
  if (apiKeyEnv === null) return null;
  const about = { part: 'key', of: apiKeyEnv } as const;
  if ((env[apiKeyEnv] ?? '') !== '') return good(about, `set, for ${quoted(name)}`);
  return wrong(about, `not set, and endpoint ${quoted(name)} takes its key from it`, `export ${apiKeyEnv}='…'`);
}

async function answersFindings(
  endpoint: NamedService,
  wanted: readonly string[],
  asking: Asking,
): Promise<readonly Finding[]> {
  const { name, baseURL, apiKeyEnv } = endpoint;
  const about = { part: 'endpoint', of: name } as const;
  const host = await unasked(endpoint, asking);
  if (host !== null) return [note(about, `not asked: ${host} (agree, or add --yes)`)];
  try {
    const listed = await modelsOf(endpoint, apiKeyEnv === null ? undefined : asking.env[apiKeyEnv]);
    const moved = listed.baseURL === baseURL ? '' : `; set its baseURL in bettertogether.json to ${listed.baseURL}`;
    return [
      good(about, `answers at ${listed.baseURL}${moved}`),
      ...wanted.map((each) => served(each, name, listed.names)),
    ];
  } catch (error) {
    if (error instanceof NoListThere && wanted.length > 0) return askedFindings(endpoint, wanted, error, asking);
    return [failing(about, error)];
  }
}

/** Many gateways list no models, and answer as those that they have: each is asked for a few tokens. */
async function askedFindings(
  endpoint: NamedService,
  wanted: readonly string[],
  noList: NoListThere,
  { env, signal }: Asking,
): Promise<readonly Finding[]> {
  const { name, baseURL } = endpoint;
  const about = { part: 'endpoint', of: name } as const;
  const connection = connect(defineEndpoint(endpoint), { resolveKey: (key) => env[key] });
  try {
    const models: Finding[] = [];
    for (const model of wanted) models.push(await askedFor(model, name, connection, signal));
    if (models.every(({ verdict }) => verdict === 'wrong')) return [failing(about, noList), ...models];
    return [
      good(about, `answers at ${baseURL}; it lists no models, so those named were asked for a few tokens`),
      ...models,
    ];
  } finally {
    await connection.close();
  }
}

async function askedFor(model: string, name: string, connection: Connection, signal: AbortSignal): Promise<Finding> {
  const about = { part: 'model', of: model } as const;
  try {
    await learnRefusals(connection, model, signal, askRetry, unmetered, passingRefusals());
    return good(about, `answers on ${quoted(name)}`);
  } catch (error) {
    return failing(about, error);
  }
}

/** A look may not take long. */
const askRetry = { patienceSeconds: 10 };

function served(model: string, endpoint: string, names: readonly string[]): Finding {
  const about = { part: 'model', of: model } as const;
  if (names.includes(model)) return good(about, `served by ${quoted(endpoint)}`);
  if (names.length === 0) return note(about, `endpoint ${quoted(endpoint)} lists no models`);
  const some = names.slice(0, 5).join(', ') + (names.length > 5 ? ', …' : '');
  return wrong(about, `endpoint ${quoted(endpoint)} does not list it: it lists ${some}`);
}

async function trainer(endpoint: OpenAiEndpoint, asking: Asking): Promise<readonly Finding[]> {
  const { env, signal } = asking;
  const about = { part: 'trainer', of: endpoint.name } as const;
  const service = trainingService(endpoint);
  const key = service === null ? null : keyFinding(endpoint, service, env);
  if (key?.verdict === 'wrong') return [key];
  const host = service === null ? null : await unasked(service, asking);
  if (host !== null) return [note(about, `not asked: ${host} (agree, or add --yes)`)];
  const why = await whyNoTraining(endpoint, { signal, resolveKey: (name) => env[name] });
  return [why === null ? good(about, `${endpoint.fineTune.kind}, and says nothing against it`) : wrong(about, why)];
}

/** The host, where it is not this machine and the person has not agreed; else `null`. */
async function unasked(service: Service, { mayAsk }: Asking): Promise<string | null> {
  const host = remoteHost(service.baseURL);
  return host === null || (await mayAsk(service, host)) ? null : host;
}
