import { UsageError } from '../data/errors.ts';
import { configFileName } from './load.ts';
import type { LoadedConfig } from './load.ts';
import { suggestion } from './nearest.ts';
import type { ResolvedEndpoint } from './resolved.ts';
import type { EndpointEntry } from './schema.ts';

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
  if (entry.kind === 'embedded') return { kind: 'embedded', ...common };
  checkSupported(entry, name);
  return { ...openai(entry), ...common };
}

function checkSupported({ loraServing }: OpenAiEntry, name: string): void {
  if (loraServing === undefined || loraServing === 'none') return;
  throw new UsageError(
    `endpoints.${name}.loraServing in ${configFileName} is "${loraServing}": loading adapters into an endpoint is not ` +
      'supported by this version. Leave it out, load tuned models there yourself under the name the training service ' +
      'gives them, and resume.',
  );
}

function openai(
  entry: OpenAiEntry,
): Omit<Extract<ResolvedEndpoint, { kind: 'openai' }>, 'name' | 'concurrency' | 'prices'> {
  const baseURL = normalisedUrl(entry.baseURL);
  const trainingUrl = entry.fineTune?.baseURL === undefined ? baseURL : normalisedUrl(entry.fineTune.baseURL);
  return {
    kind: 'openai',
    baseURL,
    apiKeyEnv: entry.apiKeyEnv ?? null,
    revision: entry.revision ?? null,
    loraServing: entry.loraServing ?? 'none',
    fineTune: {
      kind: 'openai',
      baseURL: trainingUrl,
      // The endpoint's key goes to the endpoint alone: another host gets the key that was named for it, or none.
      apiKeyEnv: entry.fineTune?.apiKeyEnv ?? (sameOrigin(baseURL, trainingUrl) ? (entry.apiKeyEnv ?? null) : null),
      model: entry.fineTune?.model ?? null,
      pollSeconds: entry.fineTune?.pollSeconds ?? 5,
    },
  };
}

function sameOrigin(a: string, b: string): boolean {
  return new URL(a).origin === new URL(b).origin;
}

/** One spelling for one endpoint: lower-case host, no default port, no trailing slash, query or credentials. */
export function normalisedUrl(url: string): string {
  const parsed = new URL(url);
  if (parsed.username !== '' || parsed.password !== '') {
    throw new UsageError(
      `The base URL for ${parsed.host} holds a user name or password. Keys never stand in ${configFileName}: ` +
        'name an environment variable under "apiKeyEnv".',
    );
  }
  return `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`;
}

const loopback = /^(localhost|127(\.\d+){3}|\[::1\]|.*\.localhost)$/;

/** `null` for an address of this machine, otherwise the host's name and port as people know it. */
export function remoteHost(url: string): string | null {
  const { hostname, host } = new URL(url);
  return loopback.test(hostname) ? null : host;
}
