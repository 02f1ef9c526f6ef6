import { normaliseBaseURL } from '../data/baseUrl.ts';
import { contentHash } from '../base/contentHash.ts';
import type { JsonValue } from '../base/json.ts';

/** Where an LM answers. Holds the name of the key's environment variable, never the key. */
export interface Endpoint {
  /** Its key in `bettertogether.json`. */
  readonly name: string;
  /** Normalised: no trailing slash, no default port, lower-case host. */
  readonly baseURL: string;
  /** What memo keys name: base URL, revision and further keys, or the model file's hash. */
  readonly identity: string;
  /** `null`: no key is sent. */
  readonly apiKeyEnv: string | null;
  /** The file that holds the key instead, which its user alone can read: the embedded endpoint's. `null`: none does. */
  readonly tokenFile: string | null;
  /** The one that comes with BetterTogether: no setting says where it is. */
  readonly embedded: boolean;
  /** Keys that each body is sent with besides ours (`withFurtherKeys`). */
  readonly request: Readonly<Record<string, JsonValue>>;
}

export interface EndpointSettings {
  readonly name: string;
  readonly baseURL: string;
  readonly apiKeyEnv?: string | null;
  /** Changed by the user when the models behind the same names changed. */
  readonly revision?: string | null;
  /** See `Endpoint.request`. Default: none. */
  readonly request?: Readonly<Record<string, JsonValue>>;
  /** SHA-256 (hex) of the file the endpoint serves; its port then means nothing. The embedded endpoint's. */
  readonly modelFile?: string;
  /** See `Endpoint.tokenFile`. */
  readonly tokenFile?: string;
}

/** @throws UsageError for an invalid base URL, or one that carries a password or a query. */
export function defineEndpoint(settings: EndpointSettings): Endpoint {
  const baseURL = normaliseBaseURL(settings.baseURL, baseUrlSetting(settings.name));
  const { name, apiKeyEnv = null, tokenFile = null, request = {}, modelFile } = settings;
  const identity =
    modelFile === undefined ? remoteIdentity(baseURL, settings.revision ?? '', request) : `model-file:${modelFile}`;
  return { name, baseURL, identity, apiKeyEnv, tokenFile, embedded: modelFile !== undefined, request };
}

/** Further keys can change every answer, so what is asked with others is asked of another endpoint. */
function remoteIdentity(baseURL: string, revision: string, request: Endpoint['request']): string {
  const keys = Object.keys(request).length === 0 ? '' : `?${contentHash(request)}`;
  return `${baseURL}${keys}${revision === '' ? '' : `#${revision}`}`;
}

/** What to do about an endpoint that does not answer, or that answers as another one would; a sentence's beginning. */
export function whereToLook({ name, embedded }: Pick<Endpoint, 'name' | 'embedded'>): string {
  if (embedded) return 'See what it printed; `bettertogether serve` starts it by itself';
  return `See that it runs, or check endpoints.${name}.baseURL in bettertogether.json`;
}

export const baseUrlSetting = (name: string): string => `endpoints.${name}.baseURL in bettertogether.json`;
