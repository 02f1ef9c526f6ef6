import { normaliseBaseURL } from '../data/baseUrl.ts';
import { editorName } from '../data/editorEndpoint.ts';
import { contentHash } from '../base/contentHash.ts';
import type { JsonValue } from '../base/json.ts';
import { meaningfulHeaders, type FurtherHeaders } from '../data/requestHeaders.ts';

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
  /**
   * The models of the editor, answered by a window that has this folder open; `null`: another endpoint. Its base URL is
   * a name alone until a window was found, and its token is that of the window (`Connection.moveTo`).
   */
  readonly editorOn: string | null;
  /** Keys that each body is sent with besides ours (`withFurtherKeys`). */
  readonly request: Readonly<Record<string, JsonValue>>;
  /** Headers that each request is sent with besides ours (`headersWith`). */
  readonly headers: FurtherHeaders;
}

export interface EndpointSettings {
  readonly name: string;
  readonly baseURL: string;
  readonly apiKeyEnv?: string | null;
  /** Changed by the user when the models behind the same names changed. */
  readonly revision?: string | null;
  /** See `Endpoint.request`. Default: none. */
  readonly request?: Readonly<Record<string, JsonValue>>;
  /** See `Endpoint.headers`. Default: none. */
  readonly headers?: FurtherHeaders;
  /** SHA-256 (hex) of the file the endpoint serves; its port then means nothing. The embedded endpoint's. */
  readonly modelFile?: string;
  /** See `Endpoint.tokenFile`. */
  readonly tokenFile?: string;
  /** See `Endpoint.editorOn`. */
  readonly editorOn?: string;
}

/** @throws UsageError for an invalid base URL, or one that carries a password or a query. */
export function defineEndpoint(settings: EndpointSettings): Endpoint {
  const baseURL = normaliseBaseURL(settings.baseURL, baseUrlSetting(settings.name));
  const { name, apiKeyEnv = null, tokenFile = null, request = {}, headers = {}, modelFile } = settings;
  const identity = modelFile === undefined ? remoteIdentity(baseURL, settings) : `model-file:${modelFile}`;
  const { editorOn = null } = settings;
  return {
    name,
    baseURL,
    identity,
    apiKeyEnv,
    tokenFile,
    embedded: modelFile !== undefined,
    editorOn,
    request,
    headers,
  };
}

/** Further keys and headers can change every answer, so what is asked with others is asked of another endpoint. */
function remoteIdentity(baseURL: string, { revision, request = {}, headers = {} }: EndpointSettings): string {
  const keys = Object.keys(request).length === 0 ? '' : `?${contentHash(request)}`;
  const meaningful = meaningfulHeaders(headers);
  const sent = Object.keys(meaningful).length === 0 ? '' : `!${contentHash(meaningful)}`;
  return `${baseURL}${keys}${sent}${(revision ?? '') === '' ? '' : `#${revision}`}`;
}

/** What to do about an endpoint that does not answer, or that answers as another one would; a sentence's beginning. */
export function whereToLook({ name, embedded, editorOn }: Pick<Endpoint, 'name' | 'embedded' | 'editorOn'>): string {
  if (editorOn !== null) return `Open ${editorOn} in VS Code, with BetterTogether and in a trusted window, and resume`;
  if (embedded) return 'See what it printed; `bettertogether serve` starts it by itself';
  return `See that it runs, or check endpoints.${name}.baseURL in bettertogether.json`;
}

/** The connection to what trains for an endpoint is named so, because its settings stand there. */
export const trainerName = (endpoint: string): string => `${endpoint}${ofTrainer}`;
const ofTrainer = '.fineTune';

/** Where in bettertogether.json stands what trains: `endpoints.lab.fineTune`, also where the endpoint itself does. */
export const trainerSetting = (endpoint: Pick<Endpoint, 'name'>): string =>
  `endpoints.${trainerName(ownName(endpoint))}`;

export const isTrainer = ({ name }: Pick<Endpoint, 'name'>): boolean => name.endsWith(ofTrainer);

/** The endpoint's name, also of the connection to what trains for it: that one sends the endpoint's headers. */
export const ownName = ({ name }: Pick<Endpoint, 'name'>): string =>
  isTrainer({ name }) ? name.slice(0, -ofTrainer.length) : name;

export const baseUrlSetting = (name: string): string => `endpoints.${name}.baseURL in bettertogether.json`;

/** An endpoint in a sentence: where it is says its setting, and of the editor's models no address says anything. */
export function named({ name, baseURL, editorOn }: Pick<Endpoint, 'name' | 'baseURL' | 'editorOn'>): string {
  return `Endpoint "${name}" (${editorOn === null ? baseURL : editorName})`;
}
