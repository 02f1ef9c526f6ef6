import OpenAI from 'openai';
import { Agent, EnvHttpProxyAgent, fetch as undiciFetch, type Dispatcher } from 'undici';
import { UsageError } from '../data/errors.ts';
import { normaliseBaseURL } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';

/** An `openai` client over one keep-alive agent of its own. Everything sent to an endpoint goes through one of these. */
export interface Connection {
  /** Its `baseURL` is where requests go now. */
  readonly endpoint: Endpoint;
  readonly openai: OpenAI;
  /** Takes the key out of text that is shown or logged: services echo it in their errors. */
  redact(text: string): string;
  /** The same endpoint answers under another address now: attempts from here on, retries too, go there. */
  moveTo(baseURL: string): void;
  /** Lets requests in flight finish. */
  close(): Promise<void>;
}

export interface ConnectionOptions {
  /** Gives the key of an environment variable's name. Default: `process.env`. */
  readonly resolveKey?: (name: string) => string | undefined;
  /** Seconds without a byte of the answer after which a request counts as lost. Default 600. */
  readonly timeoutSeconds?: number;
}

/** @throws UsageError when the endpoint names a key that is not set. */
export function connect(endpoint: Endpoint, options: ConnectionOptions = {}): Connection {
  const key = keyOf(endpoint, options.resolveKey ?? ((name) => process.env[name]));
  const timeout = Math.round((options.timeoutSeconds ?? 600) * 1000);
  const agent = agentFor(endpoint, timeout);
  const openai = new OpenAI({
    baseURL: endpoint.baseURL,
    apiKey: key ?? 'none',
    // Explicit nulls: the package otherwise takes keys and organisations meant for OpenAI from the environment.
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    ...(key === null ? { defaultHeaders: { Authorization: null } } : {}),
    // Retries are `retry.ts`; logging is off because the package can print bodies on standard output.
    maxRetries: 0,
    logLevel: 'off',
    timeout,
    // undici's types are of another release than those of Node's own fetch; at run time they fit.
    fetch: fetchOver(agent) as unknown as typeof fetch,
    // A redirect would carry prompts, and within the host the key, to where nobody sent them: it is an error.
    fetchOptions: { redirect: 'manual' },
  });
  let current = endpoint;
  return {
    get endpoint() {
      return current;
    },
    openai,
    redact: (text) => (key === null ? text : text.replaceAll(key, '***')),
    moveTo: (baseURL) => {
      current = { ...endpoint, baseURL: normaliseBaseURL(baseURL, endpoint.name) };
      openai.baseURL = current.baseURL;
    },
    close: () => agent.close(),
  };
}

function keyOf(endpoint: Endpoint, resolve: (name: string) => string | undefined): string | null {
  if (endpoint.apiKeyEnv === null) return null;
  const key = resolve(endpoint.apiKeyEnv)?.trim();
  if (key !== undefined && key !== '') return key;
  throw new UsageError(
    `The environment variable ${endpoint.apiKeyEnv} is not set. Endpoint "${endpoint.name}" takes its key from there ` +
      `(endpoints.${endpoint.name}.apiKeyEnv in bettertogether.json): set it, or change the name.`,
  );
}

/** Proxies from the environment are used as everywhere else, but never towards this machine. */
function agentFor(endpoint: Endpoint, timeout: number): Dispatcher {
  const settings = {
    headersTimeout: timeout,
    bodyTimeout: timeout,
    keepAliveTimeout: 30_000,
    connect: { timeout: 10_000 },
  };
  const { hostname } = new URL(endpoint.baseURL);
  const local = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
  const proxied = ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'].some((name) => process.env[name]);
  return proxied && !local ? new EnvHttpProxyAgent(settings) : new Agent(settings);
}

function fetchOver(dispatcher: Dispatcher): typeof undiciFetch {
  const overAgent: typeof undiciFetch = async (input, init) => {
    const options = { ...init, dispatcher };
    // The package builds uploads with Node's own FormData, which undici's fetch does not know as one: encode it here.
    const body: unknown = init?.body;
    if (!(body instanceof FormData)) return undiciFetch(input, options);
    const encoded = new Response(body);
    const headers = new Headers(init?.headers as ConstructorParameters<typeof Headers>[0]);
    headers.set('content-type', encoded.headers.get('content-type') ?? 'multipart/form-data');
    return undiciFetch(input, { ...options, headers: [...headers], body: Buffer.from(await encoded.arrayBuffer()) });
  };
  // The package looks here for whether Node's own FormData is taken; without it, it asks undici and refuses to upload.
  return Object.assign(overAgent, { Response });
}
