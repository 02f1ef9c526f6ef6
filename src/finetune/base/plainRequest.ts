import { APIConnectionError, APIError } from 'openai';
import * as z from 'zod';
import { HumanError } from '../../base/errors.ts';
import { shown } from '../../base/keys.ts';
import { EndpointRefused } from '../../engine/errors.ts';
import type { Connection } from '../../lm/connection.ts';
import type { Endpoint } from '../../lm/endpoint.ts';
import { whereToLook } from '../../lm/endpoint.ts';
import { classify } from '../../lm/failures.ts';
import { EndpointHealth, withRetries, type RetryOptions } from '../../lm/retry.ts';
import type { HeaderReader } from '../../wire/headerReader.ts';

/** What a server outside of the OpenAI shape answered. */
export interface PlainAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: HeaderReader;
}

export interface PlainRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute, of the endpoint's origin. */
  readonly url: string;
  readonly json?: unknown;
  readonly bytes?: Uint8Array;
  readonly form?: FormData;
  /** For people: `the adapter "x"`. */
  readonly what: string;
  /** Answers that mean something here; all other failures are retried or thrown as for any call. */
  readonly take: (answer: PlainAnswer) => boolean;
}

/** Requests that no OpenAI client knows, with the retries, messages and secrecy of all others. */
export class PlainClient {
  readonly connection: Connection;
  readonly #who: string;
  readonly #retry: RetryOptions;
  readonly #health = new EndpointHealth();

  constructor(connection: Connection, who: string, retry: RetryOptions = {}) {
    this.connection = connection;
    this.#who = who;
    this.#retry = retry;
  }

  /** @throws EndpointUnavailable, EndpointRefused or CallRejected, naming the endpoint. */
  ask(request: PlainRequest, signal: AbortSignal): Promise<PlainAnswer> {
    const { connection } = this;
    const { endpoint } = connection;
    const context = {
      health: this.#health,
      who: `${this.#who} "${endpoint.name}" (${endpoint.baseURL}), asked for ${request.what},`,
      advice: `${whereToLook(endpoint)}.`,
      classify: (error: unknown) => classify(error, connection, request.what),
      options: this.#retry,
    };
    const attempt = () =>
      sendPlain(connection, { ...request, url: movedTo(request.url, endpoint, connection) }, signal);
    return withRetries(attempt, context, signal);
  }
}

/** Where an endpoint that was started again answers now. */
function movedTo(url: string, { baseURL }: Endpoint, { endpoint }: Connection): string {
  const [before, now] = [new URL(baseURL).origin, new URL(endpoint.baseURL).origin];
  return url.startsWith(`${before}/`) ? now + url.slice(before.length) : url;
}

/**
 * One request, once. The `openai` package drops what servers of other shapes (FastAPI's, Ray's) say about an error;
 * here their words become those of the error.
 *
 * @throws APIError for every answer above 299 that is not taken, APIConnectionError where there was none.
 */
export async function sendPlain(
  connection: Connection,
  request: Pick<PlainRequest, 'method' | 'url' | 'json' | 'bytes' | 'form' | 'take'>,
  signal: AbortSignal,
): Promise<PlainAnswer> {
  const { method, url, take } = request;
  const response = await connection.fetch(url, { method, ...contentOf(request), signal }).catch((error: unknown) => {
    throw signal.aborted || error instanceof HumanError
      ? error
      : new APIConnectionError({ cause: error instanceof Error ? error : new Error(String(error)) });
  });
  const { status, headers } = response;
  const answer = { status, text: await response.text(), headers };
  if (status < 300 || take(answer)) return answer;
  const error = { message: wordsOf(answer.text), code: codeOf(answer.text) };
  // The package looks headers up, and no more.
  throw APIError.generate(status, { error }, undefined, headers as Headers);
}

function contentOf({ json, bytes, form }: Pick<PlainRequest, 'json' | 'bytes' | 'form'>): RequestInit {
  if (form !== undefined) return { body: form };
  // undici's types want a view of an ArrayBuffer, which this is.
  if (bytes !== undefined) {
    return { body: bytes as Uint8Array<ArrayBuffer>, headers: { 'content-type': 'application/octet-stream' } };
  }
  return json === undefined ? {} : { body: JSON.stringify(json), headers: { 'content-type': 'application/json' } };
}

function codeOf(text: string): string | null {
  const shape = z.object({ error: z.object({ code: z.string() }) });
  try {
    return shape.safeParse(JSON.parse(text)).data?.error.code ?? null;
  } catch {
    return null;
  }
}

/** The message in an error of OpenAI's, FastAPI's, SGLang's or any other shape; else the text as it is. */
export function wordsOf(text: string): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return lastLine(text);
  }
  for (let depth = 0; depth < 4; depth++) {
    if (typeof value === 'string') return lastLine(value);
    // FastAPI lists what is wrong with a body: each with its place.
    if (Array.isArray(value)) return value.map(problemOf).join('; ') || text;
    if (typeof value !== 'object' || value === null) break;
    const fields = value as Record<string, unknown>;
    value = fields['error'] ?? fields['message'] ?? fields['error_message'] ?? fields['detail'] ?? fields['msg'];
  }
  return text;
}

function problemOf(problem: unknown): string {
  const { msg, loc } = (typeof problem === 'object' && problem !== null ? problem : {}) as Record<string, unknown>;
  if (typeof msg !== 'string') return JSON.stringify(problem);
  return Array.isArray(loc) ? `${loc.filter((part) => part !== 'body').join('.')}: ${msg}` : msg;
}

/** Of a Python traceback the line that says what it was. */
function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => /\w/.test(line));
  return text.includes('Traceback') ? (lines.at(-1)?.trim() ?? text) : text;
}

/** A server that will not do it however often it is asked. */
export function refusedBy({ endpoint }: Connection, why: string, advice: string): EndpointRefused {
  return new EndpointRefused(`Endpoint "${endpoint.name}" (${endpoint.baseURL}) ${shown(why, 400)}. ${advice}`);
}
