import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type * as z from 'zod';
import { nestingAtMost } from '../base/limits.ts';
import { nestsDeeper } from '../base/nesting.ts';

/** An answer in OpenAI's error shape. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly param: string | null;
  readonly code: string | null;

  constructor(status: number, message: string, options: { readonly param?: string; readonly code?: string } = {}) {
    super(message);
    this.status = status;
    this.param = options.param ?? null;
    this.code = options.code ?? null;
  }

  body(): { error: { message: string; type: string; param: string | null; code: string | null } } {
    const type = this.status >= 500 ? 'server_error' : 'invalid_request_error';
    return { error: { message: this.message, type, param: this.param, code: this.code } };
  }
}

export function notFound(message: string, code: string, param?: string): ApiError {
  return new ApiError(404, message, { code, ...(param === undefined ? {} : { param }) });
}

/** A request on its way through a route. */
export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** What the route's pattern captured, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** Aborted when the client is gone before the answer was. */
  readonly signal: AbortSignal;
}

/** What a route answers: JSON, or nothing where it wrote to the response itself (streams, file contents). */
export type Handler = (call: Call) => Promise<unknown>;

/** A route that wrote its own answer. */
export const answered = Symbol('answered');

const mebibyte = 2 ** 20;

/** @throws ApiError 413 when it is longer than `limit` bytes. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limit) throw new ApiError(413, `The request is larger than ${String(limit / mebibyte)} MiB.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The body as JSON of a schema; a mismatch names the first field that is wrong. */
export async function readJson<T extends z.ZodType>(call: Call, schema: T): Promise<z.infer<T>> {
  const text = (await readBody(call.request, 64 * mebibyte)).toString('utf8');
  let value: unknown;
  if (nestsDeeper(text)) throw new ApiError(400, `The body of the request nests deeper than ${nestingAtMost} levels.`);
  try {
    value = JSON.parse(text === '' ? '{}' : text);
  } catch {
    throw new ApiError(400, 'The body of the request is not JSON.');
  }
  return check(schema, value);
}

export function check<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path;
  const param = path.map(String).join('.');
  throw new ApiError(400, param === '' ? issue.message : `Invalid '${param}': ${issue.message}`, {
    ...(param === '' ? {} : { param }),
    code: 'invalid_value',
  });
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}

/** Server-sent events, as OpenAI streams them. */
export class EventStream {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  }

  send(event: unknown): void {
    this.#response.write(`data: ${JSON.stringify(event)}\n\n`);
  }

  end(): void {
    this.#response.end('data: [DONE]\n\n');
  }
}

const localNames = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * A web page that the user visits may send requests to this machine, under its own name (Origin) or, after it has
 * bent its own host name to 127.0.0.1, under that (Host). Both are refused.
 *
 * @throws ApiError 403
 */
export function refuseForeign(request: IncomingMessage): void {
  const { host, origin } = request.headers;
  if (host === undefined || !localNames.has(hostName(`http://${host}`))) {
    throw new ApiError(403, 'This server answers only to 127.0.0.1 and localhost.', { code: 'forbidden_host' });
  }
  if (origin !== undefined && !localNames.has(hostName(origin))) {
    throw new ApiError(403, 'Web pages of other origins may not use this server.', { code: 'forbidden_origin' });
  }
}

/** What every request must carry, and what is said to who comes without it: where it lies, never what it is. */
export interface Credential {
  readonly token: string;
  /** In sentences. */
  readonly advice: string;
}

/**
 * Every user of this machine reaches its ports; the token is one user's. Compared in constant time.
 *
 * @throws ApiError 401 with the advice.
 */
export function refuseStrangers({ headers }: IncomingMessage, { token, advice }: Credential): void {
  const given = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  if (given !== undefined && timingSafeEqual(digest(given), digest(token))) return;
  const what = given === undefined ? 'No API key was sent' : 'The API key that was sent is another one';
  throw new ApiError(401, `${what}, and this server answers its user alone. ${advice}`, { code: 'invalid_api_key' });
}

/** Of one length, whatever was sent. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function hostName(url: string): string {
  try {
    return new URL(url).hostname;
  } catch {
    return '';
  }
}
