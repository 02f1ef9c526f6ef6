import { normaliseBaseURL } from '../data/baseUrl.ts';

/** Where an LM answers. Holds the name of the key's environment variable, never the key. */
export interface Endpoint {
  /** Its key in `bettertogether.json`. */
  readonly name: string;
  /** Normalised: no trailing slash, no default port, lower-case host. */
  readonly baseURL: string;
  /** What memo keys name: base URL and revision, or the model file's hash (DESIGN section 3.2). */
  readonly identity: string;
  /** `null`: no key is sent. */
  readonly apiKeyEnv: string | null;
  /** The file that holds the key instead, which its user alone can read: the embedded endpoint's. `null`: none does. */
  readonly tokenFile: string | null;
  /** The one that comes with BetterTogether: no setting says where it is. */
  readonly embedded: boolean;
}

export interface EndpointSettings {
  readonly name: string;
  readonly baseURL: string;
  readonly apiKeyEnv?: string | null;
  /** Changed by the user when the models behind the same names changed. */
  readonly revision?: string | null;
  /** SHA-256 (hex) of the file the endpoint serves; its port then means nothing. The embedded endpoint's. */
  readonly modelFile?: string;
  /** See `Endpoint.tokenFile`. */
  readonly tokenFile?: string;
}

/** @throws UsageError for a base URL that is none, or that carries a password or a query. */
export function defineEndpoint(settings: EndpointSettings): Endpoint {
  const baseURL = normaliseBaseURL(settings.baseURL, baseUrlSetting(settings.name));
  const revision = settings.revision ?? '';
  const identity =
    settings.modelFile === undefined
      ? `${baseURL}${revision === '' ? '' : `#${revision}`}`
      : `model-file:${settings.modelFile}`;
  const embedded = settings.modelFile !== undefined;
  const { name, apiKeyEnv = null, tokenFile = null } = settings;
  return { name, baseURL, identity, apiKeyEnv, tokenFile, embedded };
}

/** What to do about an endpoint that does not answer, or that answers as another one would; a sentence's beginning. */
export function whereToLook({ name, embedded }: Pick<Endpoint, 'name' | 'embedded'>): string {
  if (embedded) return 'See what it printed; `bettertogether serve` starts it by itself';
  return `See that it runs, or check endpoints.${name}.baseURL in bettertogether.json`;
}

export const baseUrlSetting = (name: string): string => `endpoints.${name}.baseURL in bettertogether.json`;
