import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from 'openai';
import { CallRejected, EndpointRefused } from '../engine/errors.ts';
import { HumanError, codeOf, messageOf } from '../data/errors.ts';
import { shown } from '../data/keys.ts';
import { ResponseTooLarge } from '../data/responseText.ts';
import type { Connection } from './connection.ts';
import { whereToLook } from './endpoint.ts';
import { retryAfterSeconds } from './retryAfter.ts';

/** An answer with status 200 that is not an answer: cut off, not JSON, or not of the shape of a completion. */
export class BrokenAnswer extends Error {
  override readonly name = 'BrokenAnswer';

  /**
   * @param why `not JSON`.
   * @param answer all of it, in whatever form it came.
   */
  constructor(why: string, answer: unknown) {
    super(`${why}: ${shown(typeof answer === 'string' ? answer : (JSON.stringify(answer) ?? 'nothing'), 120)}`);
  }
}

/** An endpoint that sends more than an answer can be. Asked again it would do the same, at the same price. */
export class AnswerTooLarge extends EndpointRefused {}

/** What an attempt's failure means. */
export type Failure =
  | {
      readonly kind: 'retry';
      /** For people: `503 Service Unavailable`, `connection refused`. */
      readonly what: string;
      /** The endpoint asked for fewer requests. */
      readonly throttled: boolean;
      /** Seconds it asked to wait; `null`: it did not say. */
      readonly retryAfter: number | null;
      /** Whether the endpoint may have answered (and charged) all the same. */
      readonly mayBePaid: boolean;
      /** No HTTP answer at all: refused, unknown host, cut off. */
      readonly unreachable: boolean;
      /** Whether what is asked may be the cause, so that other calls would be answered. Default: no. */
      readonly ofCall?: boolean;
    }
  | { readonly kind: 'final'; readonly error: HumanError; readonly mayBePaid?: true }
  | { readonly kind: 'aborted' }
  /** Not the endpoint's doing: a bug of ours. */
  | { readonly kind: 'unknown' };

/** Whether an attempt that failed so may be charged all the same. */
export function mayBePaid(failure: Failure): boolean {
  return (failure.kind === 'retry' || failure.kind === 'final') && failure.mayBePaid === true;
}

/** Statuses that pass: rate limit, conflicts, time-outs, overload (529 is Anthropic's). */
const passing = new Set([408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529]);

/** @param what is asked for, for people: `model "x"`, `the upload of training rows`. */
export function classify(error: unknown, connection: Connection, what: string): Failure {
  if (error instanceof HumanError) return final(error);
  const tooLarge = chainOf(error).find((each) => each instanceof ResponseTooLarge);
  if (tooLarge !== undefined)
    return { kind: 'final', error: answerTooLarge(tooLarge, connection, what), mayBePaid: true };
  if (error instanceof APIUserAbortError) return { kind: 'aborted' };
  if (error instanceof APIConnectionTimeoutError) return passes({ what: 'timed out', mayBePaid: true, ofCall: true });
  if (error instanceof APIConnectionError) return connectionFailure(error, connection);
  if (error instanceof APIError) return statusFailure(error as APIError<number>, connection, what);
  // A body that breaks off, or that is not what its headers say, fails while it is read.
  if (error instanceof BrokenAnswer || error instanceof SyntaxError || isBodyError(error)) {
    const what = `broken answer: ${shown(messageOf(error))}`;
    return passes({ what, mayBePaid: true, ofCall: true });
  }
  return { kind: 'unknown' };
}

function final(error: HumanError): Failure {
  return { kind: 'final', error };
}

/** An error and what caused it, the root last. */
function chainOf(error: unknown): readonly unknown[] {
  const chain = [error];
  for (let at = error; at instanceof Error && at.cause !== undefined && chain.length < 10; at = at.cause)
    chain.push(at.cause);
  return chain;
}

function answerTooLarge(error: ResponseTooLarge, { endpoint }: Connection, what: string): AnswerTooLarge {
  return new AnswerTooLarge(
    `Endpoint "${endpoint.name}" (${endpoint.baseURL}), asked for ${what}: ${error.message}. ` +
      `${whereToLook(endpoint)}, or what stands between here and there.`,
  );
}

function passes(given: {
  readonly what: string;
  readonly mayBePaid?: boolean;
  readonly throttled?: boolean;
  readonly retryAfter?: number | null;
  readonly unreachable?: boolean;
  readonly ofCall: boolean;
}): Failure {
  return { kind: 'retry', throttled: false, retryAfter: null, mayBePaid: false, unreachable: false, ...given };
}

function isBodyError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = codeOf(error) ?? codeOf(error.cause) ?? '';
  return error.message === 'terminated' || code.startsWith('UND_ERR_') || code === 'ECONNRESET';
}

function connectionFailure(error: APIConnectionError, connection: Connection): Failure {
  const root = chainOf(error).at(-1);
  const code = codeOf(root) ?? '';
  const text = shown(messageOf(root));
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS/.test(code)) {
    return refused(
      connection,
      `its certificate is not accepted (${code})`,
      'Set NODE_EXTRA_CA_CERTS, or the right "baseURL"',
    );
  }
  const neverSent =
    code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EAI_AGAIN' || /CONNECT_TIMEOUT/.test(code);
  return passes({ what: text === '' ? code : text, mayBePaid: !neverSent, unreachable: true, ofCall: !neverSent });
}

function statusFailure(error: APIError<number>, connection: Connection, what: string): Failure {
  const { status } = error;
  const said = shown(error.message);
  const code = error.code ?? '';
  const { endpoint } = connection;
  if (code === 'insufficient_quota' || status === 402) {
    return refused(connection, `the account has no credit left (${said})`, 'Top it up');
  }
  if (status === 401 || status === 403)
    return refused(connection, `it does not accept the key (${said})`, keyAdvice(connection), status === 401);
  if (code === 'model_not_found' || status === 404) {
    const where = endpoint.embedded ? '' : `, or endpoints.${endpoint.name}.baseURL (it usually ends in /v1)`;
    const advice = `Check "model" of the program${where}`;
    return refused(connection, `it does not know ${what} (${said})`, advice);
  }
  if (status >= 300 && status < 400) {
    const to = error.headers?.get('location') ?? 'another address';
    const advice = `If that is right, set endpoints.${endpoint.name}.baseURL to it; the key is not sent there`;
    return refused(connection, `it redirects to ${shown(to)}`, advice);
  }
  if (passing.has(status)) {
    const crowded = status === 429 || status === 529;
    const throttled = crowded || (status === 503 && error.headers?.has('retry-after') === true);
    const retryAfter = retryAfterSeconds(error.headers);
    return passes({ what: said, throttled, retryAfter, mayBePaid: status === 504, ofCall: !crowded });
  }
  if (status === 405 || status === 501) {
    return refused(connection, `it cannot do this (${said})`, whereToLook(endpoint));
  }
  return final(new CallRejected(rejectedText(said, code, what, connection)));
}

function rejectedText(said: string, code: string, what: string, { endpoint }: Connection): string {
  const tooLong = code === 'context_length_exceeded' || /context length|too long|maximum context/i.test(said);
  const advice = tooLong
    ? 'The prompt does not fit the model: use fewer demos or shorter inputs, or lower sampling.maxTokens.'
    : 'The endpoint will say the same again: look at the prompt, or at "sampling" and "adapter" of the program.';
  return `Endpoint "${endpoint.name}" (${endpoint.baseURL}) rejected a call to ${what}: ${said}. ${advice}`;
}

function refused({ endpoint }: Connection, why: string, advice: string, key = false): Failure {
  const message = `Endpoint "${endpoint.name}" (${endpoint.baseURL}) refused: ${why}. ${advice}.`;
  return final(new EndpointRefused(message, { key }));
}

function keyAdvice({ endpoint }: Connection): string {
  if (endpoint.tokenFile !== null) return `Its key is in ${endpoint.tokenFile}: start the endpoint again`;
  return endpoint.apiKeyEnv === null
    ? `Name the environment variable of a key in endpoints.${endpoint.name}.apiKeyEnv`
    : `Check the key in the environment variable ${endpoint.apiKeyEnv} (endpoints.${endpoint.name}.apiKeyEnv)`;
}
