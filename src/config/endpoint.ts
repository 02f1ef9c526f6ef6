import { resolve } from 'node:path';
import { normaliseBaseURL } from '../data/baseUrl.ts';
import { UsageError } from '../base/errors.ts';
import { configFileName } from './load.ts';
import type { LoadedConfig } from './load.ts';
import { suggestion } from './nearest.ts';
import type { ResolvedEndpoint, ResolvedFineTune, ResolvedService } from './resolved.ts';
import type { EndpointEntry, FineTuneEntry } from './schema.ts';

type OpenAiEntry = Extract<EndpointEntry, { kind: 'openai' }>;

/** Requests in flight: the embedded endpoint batches eight sequences, anything else can do more. */
const defaultConcurrency = { embedded: 8, openai: 32 } as const;

/**
 * The endpoint `name`. `embedded` is always there.
 *
 * @throws UsageError naming the endpoints there are.
 */
export function resolveEndpoint(loaded: LoadedConfig, name: string, where: string): ResolvedEndpoint {
  const endpoints: Record<string, EndpointEntry> = { embedded: { kind: 'embedded' }, ...loaded.config.endpoints };
  const entry = Object.hasOwn(endpoints, name) ? endpoints[name] : undefined;
  if (entry === undefined) {
    throw new UsageError(
      `There is no endpoint "${name}" (${where}).${suggestion(name, Object.keys(endpoints))} ` +
        `Endpoints stand under "endpoints" in ${configFileName}.`,
    );
  }
  const common = {
    name,
    concurrency: entry.concurrency ?? defaultConcurrency[entry.kind],
    prices: entry.prices ?? null,
  };
  if (entry.kind === 'embedded') {
    return {
      kind: 'embedded',
      ...common,
      ...(entry.modelFile === undefined ? {} : { modelFile: resolve(loaded.workspace, entry.modelFile) }),
      ...(entry.fineTune === undefined
        ? {}
        : { fineTune: adapterTrainer(entry.fineTune, loaded.workspace, `endpoints.${name}.fineTune`) }),
    };
  }
  return { ...openai(entry, loaded.workspace, `endpoints.${name}`), ...common };
}

/**
 * The endpoints that are not the program's own: where LMs may be asked that a DSPy program names itself, known by
 * their base URL. Of two at one address the first counts.
 */
export function otherServices(loaded: LoadedConfig, own: ResolvedEndpoint): readonly ResolvedService[] {
  const found: ResolvedService[] = [];
  const taken = new Set(own.kind === 'openai' ? [own.baseURL] : []);
  for (const name of Object.keys(loaded.config.endpoints ?? {})) {
    const endpoint = readable(() => resolveEndpoint(loaded, name, configFileName));
    if (endpoint === null || endpoint.kind === 'embedded' || taken.has(endpoint.baseURL)) continue;
    taken.add(endpoint.baseURL);
    const { baseURL, apiKeyEnv, revision, concurrency, timeoutSeconds, patienceSeconds, request, prices } = endpoint;
    found.push({
      ...given({ timeoutSeconds, patienceSeconds, request }),
      ...{ name, baseURL, apiKeyEnv, revision, concurrency, prices },
    });
  }
  return found;
}

/** A block that is wrong is told to programs that name it, and is none to the others. */
function readable<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof UsageError) return null;
    throw error;
  }
}

function openai(
  entry: OpenAiEntry,
  workspace: string,
  at: string,
): Omit<Extract<ResolvedEndpoint, { kind: 'openai' }>, 'name' | 'concurrency' | 'prices'> {
  const baseURL = normaliseBaseURL(entry.baseURL, `${at}.baseURL in ${configFileName}`);
  return {
    kind: 'openai',
    baseURL,
    apiKeyEnv: entry.apiKeyEnv ?? null,
    revision: entry.revision ?? null,
    ...(entry.timeoutSeconds === undefined ? {} : { timeoutSeconds: entry.timeoutSeconds }),
    ...(entry.patienceSeconds === undefined ? {} : { patienceSeconds: entry.patienceSeconds }),
    ...(entry.request === undefined ? {} : { request: entry.request }),
    loraServing: entry.loraServing ?? 'none',
    ...(entry.pathMap === undefined ? {} : { pathMap: entry.pathMap }),
    fineTune: fineTune(entry, baseURL, workspace, `${at}.fineTune`),
  };
}

type Fine = Extract<ResolvedEndpoint, { kind: 'openai' }>['fineTune'];

function fineTune(
  { fineTune: asked = {}, apiKeyEnv }: OpenAiEntry,
  baseURL: string,
  workspace: string,
  at: string,
): Fine {
  if (asked.kind === 'command' || asked.kind === 'ray') return adapterTrainer(asked, workspace, at);
  const { baseURL: own, apiKeyEnv: ownKey, dialect, form, hyperParameters, extra, checkpoints } = asked;
  const { minRows, stallMinutes } = asked;
  const url = own === undefined ? baseURL : normaliseBaseURL(own, `${at}.baseURL in ${configFileName}`);
  return {
    ...given({ dialect, form, hyperParameters, extra, checkpoints, minRows, stallMinutes }),
    kind: 'openai',
    baseURL: url,
    // The endpoint's key goes to the endpoint alone: another host gets the key that was named for it, or none.
    apiKeyEnv: ownKey ?? (sameOrigin(baseURL, url) ? (apiKeyEnv ?? null) : null),
    model: asked.model ?? null,
    pollSeconds: asked.pollSeconds ?? 5,
  };
}

/** A trainer that leaves an adapter in a folder. */
function adapterTrainer(
  asked: Extract<FineTuneEntry, { kind: 'command' | 'ray' }>,
  workspace: string,
  at: string,
): Extract<ResolvedFineTune, { kind: 'command' | 'ray' }> {
  const { minRows, stallMinutes } = asked;
  const common = { ...given({ minRows, stallMinutes }), model: asked.model ?? null };
  if (asked.kind === 'command') {
    return {
      kind: 'command',
      ...common,
      pollSeconds: asked.pollSeconds ?? 1,
      command: asked.command,
      parentArguments: asked.parentArguments ?? null,
      rowsFormat: asked.rowsFormat ?? 'messages',
      files: asked.files ?? {},
      env: asked.env ?? {},
      cwd: workspace,
      folder: resolve(workspace, asked.folder ?? '.bettertogether/jobs'),
    };
  }
  return {
    kind: 'ray',
    ...common,
    pollSeconds: asked.pollSeconds ?? 5,
    baseURL: normaliseBaseURL(asked.baseURL, `${at}.baseURL in ${configFileName}`),
    apiKeyEnv: asked.apiKeyEnv ?? null,
    workers: asked.workers ?? 1,
    cpusPerWorker: asked.cpusPerWorker ?? 1,
    gpusPerWorker: asked.gpusPerWorker ?? 0,
    dtype: asked.dtype ?? 'auto',
    storage: asked.storage.replace(/\/+$/, ''),
    sharedFolder: asked.sharedFolder === undefined ? null : resolve(workspace, asked.sharedFolder),
    python: asked.python ?? 'python',
    runtimeEnv: asked.runtimeEnv ?? {},
  };
}

/** Without the keys that are `undefined`: what is left out stays out. */
function given<T extends object>(values: T): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    readonly [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/**
 * A trainer that leaves an adapter in a folder needs an endpoint that loads it.
 *
 * @throws UsageError before anything is asked or paid.
 */
export function checkServing(endpoint: ResolvedEndpoint): void {
  if (endpoint.kind === 'embedded' || endpoint.fineTune.kind === 'openai' || endpoint.loraServing !== 'none') return;
  const { name, fineTune: trainer } = endpoint;
  throw new UsageError(
    `endpoints.${name}.fineTune in ${configFileName} is of the kind "${trainer.kind}", which leaves an adapter in a ` +
      `folder, and nothing loads it: set endpoints.${name}.loraServing to "vllm" or "sglang", or use the embedded ` +
      'endpoint, which takes adapters itself.',
  );
}

function sameOrigin(a: string, b: string): boolean {
  return new URL(a).origin === new URL(b).origin;
}

const loopback = /^(localhost|127(\.\d+){3}|\[::1\]|.*\.localhost)$/;

/** `null` for an address of this machine, otherwise the host's name and port as people know it. */
export function remoteHost(url: string): string | null {
  const { hostname, host } = new URL(url);
  return loopback.test(hostname) ? null : host;
}
