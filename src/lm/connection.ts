import type { IncomingHttpHeaders } from 'node:http';
import OpenAI from 'openai';
import { Agent, EnvHttpProxyAgent, request, type Dispatcher } from 'undici';
import { normaliseBaseURL } from '../data/baseUrl.ts';
import { UsageError } from '../data/errors.ts';
import { baseUrlSetting } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';

/** An `openai` client over one keep-alive agent of its own. Everything sent to an endpoint goes through one of these. */
export interface Connection {
  /** Its `baseURL` is where requests go now. */
  readonly endpoint: Endpoint;
  readonly openai: OpenAI;
  /** A request outside of the OpenAI shape to the same origin, with the same key, proxy and no redirects. */
  fetch(url: string, init?: RequestInit): Promise<Response>;
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
  const send = fetchOver(agent);
  const openai = new OpenAI({
    baseURL: endpoint.baseURL,
    apiKey: key ?? 'none',
    // Explicit nulls: the package otherwise takes keys and organisations meant for OpenAI from the environment.
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    defaultHeaders: {
      ...noneOf(process.env['OPENAI_CUSTOM_HEADERS']),
      Authorization: key === null ? null : `Bearer ${key}`,
    },
    // Retries are `retry.ts`; logging is off because the package can print bodies on standard output.
    maxRetries: 0,
    logLevel: 'off',
    timeout,
    // Follows no redirect: it would carry prompts, and within the host the key, to where nobody sent them.
    fetch: send,
  });
  let current = endpoint;
  return {
    get endpoint() {
      return current;
    },
    openai,
    fetch: async (url, init = {}) => {
      if (new URL(url).origin !== new URL(current.baseURL).origin) throw new Error(`${url} is not of the endpoint`);
      const headers = new Headers(init.headers);
      if (key !== null) headers.set('authorization', `Bearer ${key}`);
      return send(url, { ...init, headers });
    },
    redact: (text) => (key === null ? text : text.replaceAll(key, '***')),
    moveTo: (baseURL) => {
      current = { ...endpoint, baseURL: normaliseBaseURL(baseURL, baseUrlSetting(endpoint.name)) };
      openai.baseURL = current.baseURL;
    },
    close: () => agent.close(),
  };
}

/** Turns off headers, one a line, that the package would send to whatever address: they may hold keys. */
function noneOf(headers = ''): Readonly<Record<string, null>> {
  const names = headers.split('\n').map((line) => line.split(':')[0]!.trim());
  return Object.fromEntries(names.filter((name) => name !== '').map((name) => [name, null]));
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

/**
 * What the `openai` package takes for `fetch`, over undici's plain request: a fetch with its streams costs more than
 * the rest of a call together, and answers are read whole anyway.
 */
function fetchOver(dispatcher: Dispatcher): typeof fetch {
  return async (input, init) => {
    const { body, headers } = await encode(init);
    const {
      statusCode,
      headers: answered,
      body: answer,
    } = await request(String(input), {
      method: init?.method ?? 'GET',
      headers,
      body,
      signal: init?.signal,
      dispatcher,
    });
    return new TextAnswer(statusCode, answered, await answer.text()) as unknown as Response;
  };
}

/** As much of a `Response` as the `openai` package reads of an answer in text. */
class TextAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body = null;
  readonly url = '';
  readonly #text: string;

  constructor(status: number, headers: IncomingHttpHeaders, text: string) {
    this.status = status;
    this.headers = new Headers();
    for (const [name, value] of Object.entries(headers)) this.headers.append(name, String(value));
    this.#text = text;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  text(): Promise<string> {
    return Promise.resolve(this.#text);
  }

  json(): Promise<unknown> {
    return new Promise((resolve) => {
      resolve(JSON.parse(this.#text));
    });
  }
}

interface EncodedRequest {
  readonly body: string | Uint8Array | null;
  readonly headers: Record<string, string>;
}

/** The package sends JSON as text and uploads as Node's own FormData. */
async function encode(init: RequestInit | undefined): Promise<EncodedRequest> {
  const headers: Record<string, string> = {};
  const given = init?.headers instanceof Headers ? init.headers : new Headers(init?.headers);
  for (const [name, value] of given) headers[name] = value;
  const body = init?.body ?? null;
  if (body === null || typeof body === 'string') return { body, headers };
  const encoded = new Response(body);
  const type = encoded.headers.get('content-type');
  if (type !== null) headers['content-type'] = type;
  return { body: Buffer.from(await encoded.arrayBuffer()), headers };
}
