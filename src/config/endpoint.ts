import { resolve } from 'node:path';
import { normaliseBaseURL } from '../data/baseUrl.ts';
import { editorBaseURL, editorPlace } from '../data/editorEndpoint.ts';
import { UsageError } from '../base/errors.ts';
import { given } from '../base/given.ts';
import { factsOf, resolveAdapterTrainer, resolveTrainer } from '../finetune/settings.ts';
import { configFileName } from './load.ts';
import type { LoadedConfig } from './load.ts';
import { suggestion } from './nearest.ts';
import type { ResolvedEndpoint, ResolvedService } from './resolved.ts';
import type { EndpointEntry } from './schema.ts';

type OpenAiEntry = Extract<EndpointEntry, { kind: 'openai' }>;
type EditorEntry = Extract<EndpointEntry, { kind: 'editor' }>;
type LoraServing = Extract<ResolvedEndpoint, { kind: 'openai' }>['loraServing'];

/** Requests in flight: the embedded endpoint batches eight sequences, vendors limit extensions, anything else can do more. */
const defaultConcurrency = { embedded: 8, openai: 32, editor: 4 } as const;

/**
 * The endpoint `name`, as one that a program runs at. `embedded` is always there.
 *
 * @throws UsageError naming the endpoints there are, or saying what the editor's models are not for.
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
  if (entry.kind === 'editor') throw notForPrograms(name, where);
  const common = {
    name,
    concurrency: entry.concurrency ?? defaultConcurrency[entry.kind],
    prices: entry.prices ?? null,
  };
  if (entry.kind === 'embedded') {
    const place = { workspace: loaded.workspace, setting: `endpoints.${name}.fineTune`, file: configFileName };
    return {
      kind: 'embedded',
      ...common,
      ...(entry.modelFile === undefined ? {} : { modelFile: resolve(loaded.workspace, entry.modelFile) }),
      ...(entry.fineTune === undefined ? {} : { fineTune: resolveAdapterTrainer(entry.fineTune, place) }),
    };
  }
  return { ...openai(entry, loaded.workspace, `endpoints.${name}`), ...common };
}

/** A program that runs at a window alone could be deployed nowhere, and would spend what the window's user has left. */
function notForPrograms(name: string, where: string): UsageError {
  return new UsageError(
    `Endpoint "${name}" (${where}) is of the kind "editor", which asks the models of VS Code. They answer steps, as ` +
      'proposers and teachers, and judges that code names, and not the program itself: nothing but an open window can ask ' +
      'them, they cannot be trained, and their vendors limit how often an extension asks. Name another endpoint for ' +
      `the program, and this one in the settings of a step: "proposer": { "model": "…", "endpoint": "${name}" }.`,
  );
}

/** The models of the editor as an endpoint that LMs are asked at; `null`: the name is another kind's, or nothing's. */
export function resolveEditor({ config }: LoadedConfig, name: string): ResolvedService | null {
  const { endpoints = {} } = config;
  const entry = Object.hasOwn(endpoints, name) ? endpoints[name] : undefined;
  return entry?.kind === 'editor' ? editor(name, entry) : null;
}

/** In dollars a call costs nothing: the vendor's plan has it. Models that have a price in VS Code are given one here. */
function editor(name: string, entry: EditorEntry): ResolvedService {
  return {
    editor: true,
    ...{ name, baseURL: editorBaseURL, apiKeyEnv: null, revision: entry.revision ?? null },
    concurrency: entry.concurrency ?? defaultConcurrency.editor,
    ...given({ timeoutSeconds: entry.timeoutSeconds, patienceSeconds: entry.patienceSeconds }),
    prices: entry.prices ?? { '*': { input: 0, output: 0 } },
  };
}

/**
 * The endpoints that are not the program's own: where LMs may be asked that a DSPy program names itself, known by
 * their base URL. Of two at one address the first counts.
 */
export function otherServices(loaded: LoadedConfig, own: ResolvedEndpoint): readonly ResolvedService[] {
  const found: ResolvedService[] = [];
  const taken = new Set(own.kind === 'openai' ? [own.baseURL] : []);
  for (const name of Object.keys(loaded.config.endpoints ?? {})) {
    const service = serviceNamed(loaded, name);
    if (service === null || taken.has(service.baseURL)) continue;
    taken.add(service.baseURL);
    found.push(service);
  }
  return found;
}

/** An endpoint as one that LMs are asked at; `null`: it cannot be. */
function serviceNamed(loaded: LoadedConfig, name: string): ResolvedService | null {
  const ofEditor = resolveEditor(loaded, name);
  if (ofEditor !== null) return ofEditor;
  const endpoint = readable(() => resolveEndpoint(loaded, name, configFileName));
  if (endpoint === null || endpoint.kind === 'embedded') return null;
  const { baseURL, apiKeyEnv, revision, concurrency, timeoutSeconds, patienceSeconds, request, headers, prices } =
    endpoint;
  return {
    ...given({ timeoutSeconds, patienceSeconds, request, headers }),
    ...{ name, baseURL, apiKeyEnv, revision, concurrency, prices },
  };
}

/** A wrong block is reported to programs that name it, and ignored for the others. */
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
  const { timeoutSeconds, patienceSeconds, request, headers, pathMap } = entry;
  const endpoint = {
    baseURL: normaliseBaseURL(entry.baseURL, `${at}.baseURL in ${configFileName}`),
    apiKeyEnv: entry.apiKeyEnv ?? null,
  };
  const place = { workspace, setting: `${at}.fineTune`, file: configFileName, endpoint };
  return {
    kind: 'openai',
    ...endpoint,
    revision: entry.revision ?? null,
    ...given({ timeoutSeconds, patienceSeconds, request, headers, pathMap }),
    loraServing: servingOf(entry.loraServing ?? 'none', workspace),
    fineTune: resolveTrainer(entry.fineTune ?? {}, place),
  };
}

function servingOf(written: NonNullable<OpenAiEntry['loraServing']>, workspace: string): LoraServing {
  return typeof written === 'string' ? written : { ...written, preset: resolve(workspace, written.preset) };
}

/**
 * A trainer that leaves an adapter in a folder needs an endpoint that loads it.
 *
 * @throws UsageError before anything is asked or paid.
 */
export function checkServing(endpoint: ResolvedEndpoint): void {
  if (endpoint.kind === 'embedded' || endpoint.loraServing !== 'none') return;
  const { name, fineTune: trainer } = endpoint;
  if (factsOf(trainer).leaves === 'model') return;
  throw new UsageError(
    `endpoints.${name}.fineTune in ${configFileName} is of the kind "${trainer.kind}", which leaves an adapter in a ` +
      `folder, and nothing loads it: set endpoints.${name}.loraServing to "vllm" or "sglang", or to a list of models of llama-server, or use the embedded ` +
      'endpoint, which takes adapters itself.',
  );
}

const loopback = /^(localhost|127(\.\d+){3}|\[::1\]|.*\.localhost)$/;

/** `null` for an address of this machine, otherwise the host's name and port, or the place, as people know it. */
export function remoteHost(url: string): string | null {
  if (url === editorBaseURL) return editorPlace;
  const { hostname, host } = new URL(url);
  return loopback.test(hostname) ? null : host;
}
