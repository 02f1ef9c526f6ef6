import type OpenAI from 'openai';
import { normaliseBaseURL } from '../data/baseUrl.ts';
import { codeOf, UsageError } from '../base/errors.ts';
import { knowKey, unquotedKey, withoutBearer } from '../base/keys.ts';
import { responseBytesAtMost } from '../base/limits.ts';
import { ResponseTooLarge } from '../base/responseText.ts';
import type { HeaderReader } from '../wire/headerReader.ts';
import { slashedTarget } from '../wire/slashedTarget.ts';
import { headersWith, type FurtherHeaders } from '../data/requestHeaders.ts';
import { readToken } from '../home/token.ts';
import { unpackedText } from './contentEncoding.ts';
import { baseUrlSetting } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import { agentFor, isLocal } from './agent.ts';
import { LeanOpenAI } from './leanOpenAI.ts';
import { orProxyRefusal } from './proxyRefusal.ts';
import { TextAnswer } from './textAnswer.ts';
import type { Dispatcher } from './undici.ts';
import { askWhole } from './wholeAnswer.ts';
import type { WholeAnswer } from './wholeAnswer.ts';

/** As much of a `Response` as is read of one outside of the OpenAI shape. */
export interface PlainResponse {
  readonly status: number;
  readonly headers: HeaderReader;
  text(): Promise<string>;
  json(): Promise<unknown>;
}

/** An `openai` client over one keep-alive agent of its own. Everything sent to an endpoint goes through one of these. */
export interface Connection {
  /** Its `baseURL` is where requests go now. */
  readonly endpoint: Endpoint;
  readonly openai: OpenAI;
  /** A request outside of the OpenAI shape to the same origin, with the same key, proxy and no redirects. */
  fetch(url: string, init?: RequestInit): Promise<PlainResponse>;
  /**
   * The same endpoint answers under another address now: attempts from here on, retries too, go there. `null`: it is
   * gone for now, and nothing is sent to where it was, which may be somebody else's by then.
   *
   * @param token its key there, where each address has one of its own.
   */
  moveTo(baseURL: string | null, token?: string): void;
  /** Lets requests in flight finish. */
  close(): Promise<void>;
}

export interface ConnectionOptions {
  /** Gives the key of an environment variable's name. Default: `process.env`. */
  readonly resolveKey?: (name: string) => string | undefined;
  /** Seconds without a byte of the answer after which a request counts as lost. Default 600. */
  readonly timeoutSeconds?: number;
  /** Bytes of one answer; more are not read. Default 16 MiB. */
  readonly responseBytes?: number;
}

/**
 * @throws UsageError when the endpoint names a key that is not set or cannot be one; HumanError when the file that holds
 *   its key cannot be read.
 */
export function connect(endpoint: Endpoint, options: ConnectionOptions = {}): Connection {
  const resolve = options.resolveKey ?? ((name) => process.env[name]);
  let key = keyOf(endpoint, resolve);
  const timeout = Math.round((options.timeoutSeconds ?? 600) * 1000);
  const responseBytes = options.responseBytes ?? responseBytesAtMost;
  const agent = agentFor(endpoint, timeout, responseBytes);
  let current = endpoint;
  // Where a window answers is not known before one was found.
  let isGone = endpoint.editorOn !== null;
  const send = fetchOver(agent, responseBytes, endpoint.headers, () => {
    if (isGone) throw goneError(endpoint);
    return key;
  });
  const openai = new LeanOpenAI({
    baseURL: endpoint.baseURL,
    // The transport sends the key.
    apiKey: 'none',
    // Explicit nulls: the package otherwise takes keys and organisations meant for OpenAI from the environment.
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    defaultHeaders: {
      ...noneOf(process.env['OPENAI_CUSTOM_HEADERS']),
      Authorization: null,
    },
    // Retries are `retry.ts`; logging is off because the package can print bodies on standard output.
    maxRetries: 0,
    logLevel: 'off',
    timeout,
    // Follows no redirect: it would carry prompts, and within the host the key, to an unintended place.
    fetch: send,
  });
  return {
    get endpoint() {
      return current;
    },
    openai,
    fetch: async (url, init = {}) => {
      if (new URL(url).origin !== new URL(current.baseURL).origin) throw new Error(`${url} is not of the endpoint`);
      return send(url, init);
    },
    moveTo: (baseURL, token) => {
      isGone = true;
      if (baseURL === null) return;
      current = { ...endpoint, baseURL: normaliseBaseURL(baseURL, baseUrlSetting(endpoint.name)) };
      openai.baseURL = current.baseURL;
      if (token !== undefined) knowKey(token);
      key = token ?? keyOf(current, resolve);
      isGone = false;
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
  const key = endpoint.tokenFile === null ? keyOfVariable(endpoint, resolve) : tokenOf(endpoint, endpoint.tokenFile);
  if (key !== null) knowKey(withoutBearer(key));
  return key;
}

/** The embedded endpoint's key is for this machine. */
function tokenOf({ baseURL }: Endpoint, file: string): string {
  if (!isLocal(baseURL)) throw new Error(`The key of the embedded endpoint is not for ${baseURL}.`);
  return readToken(file);
}

function keyOfVariable(endpoint: Endpoint, resolve: (name: string) => string | undefined): string | null {
  if (endpoint.apiKeyEnv === null) return null;
  const key = unquotedKey(resolve(endpoint.apiKeyEnv) ?? '');
  const setting = `endpoints.${endpoint.name}.apiKeyEnv in bettertogether.json`;
  if (key === '') {
    throw new UsageError(
      `The environment variable ${endpoint.apiKeyEnv} is not set. Endpoint "${endpoint.name}" takes its key from there ` +
        `(${setting}): set it, or change the name.`,
      undefined,
      [{ kind: 'apiKey' }],
    );
  }
  // What refuses such a header repeats it in its error.
  if (/^[\x20-\x7e]+$/.test(key)) return key;
  throw new UsageError(
    `The environment variable ${endpoint.apiKeyEnv} (${setting}) holds no key: there is a line break, or a character ` +
      'outside of ASCII, in it. Copy the key again.',
    undefined,
    [{ kind: 'apiKey' }],
  );
}

/** As a refused connection: nothing was sent, and it is tried again. */
function goneError({ editorOn }: Endpoint): Error {
  const why = editorOn === null ? 'the endpoint ended and is being started again' : closedWindow;
  return Object.assign(new Error(why), { code: 'ECONNREFUSED' });
}

const closedWindow = 'no window of VS Code that has the folder open answers for its models';

/**
 * What the `openai` package takes for `fetch`, over undici's dispatcher: a fetch with its streams costs more than the rest of
 * a call together, and answers are read whole anyway.
 *
 * @param responseBytes of one answer at most.
 * @param further headers of each request, besides its own.
 * @param keyNow the key to send; it throws while nothing may be sent.
 */
function fetchOver(
  dispatcher: Dispatcher,
  responseBytes: number,
  further: FurtherHeaders,
  keyNow: () => string | null,
): typeof fetch {
  return async (input, init) => {
    const { body, headers } = await encode(init);
    Object.assign(headers, headersWith(further, keyNow()));
    const { method = 'GET', signal = null } = init ?? {};
    const ask = async (url: string): Promise<TextAnswer> => {
      const answer = await askWhole(dispatcher, url, { method, headers, body, signal }).catch((error: unknown) => {
        throw codeOf(error) === 'UND_ERR_RES_EXCEEDED_MAX_SIZE'
          ? new ResponseTooLarge(responseBytes)
          : orProxyRefusal(error);
      });
      return new TextAnswer(answer.status, answer.headers, await textOf(answer, responseBytes));
    };
    const first = await ask(String(input));
    const slashed = slashedTarget(String(input), first);
    return (slashed === null ? first : await ask(slashed)) as unknown as Response;
  };
}

function textOf({ headers, body }: WholeAnswer, responseBytes: number): Promise<string> {
  const encoding = String(headers['content-encoding'] ?? '');
  return unpackedText(body, encoding.trim().toLowerCase(), responseBytes);
}

interface EncodedRequest {
  readonly body: string | Uint8Array | null;
  readonly headers: Record<string, string>;
}

/** The package sends JSON as text and uploads as Node's own FormData. */
async function encode(init: RequestInit | undefined): Promise<EncodedRequest> {
  const headers = plainHeaders(init?.headers ?? {});
  const body = init?.body ?? null;
  if (body === null || typeof body === 'string') return { body, headers };
  const encoded = new Response(body);
  const type = encoded.headers.get('content-type');
  if (type !== null) headers['content-type'] = type;
  return { body: Buffer.from(await encoded.arrayBuffer()), headers };
}

function plainHeaders(headers: NonNullable<RequestInit['headers']>): Record<string, string> {
  return headers instanceof Headers || Array.isArray(headers)
    ? Object.fromEntries(new Headers(headers))
    : { ...(headers as Readonly<Record<string, string>>) };
}
