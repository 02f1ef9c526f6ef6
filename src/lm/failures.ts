import { APIConnectionError, APIConnectionTimeoutError, APIUserAbortError } from 'openai';
import { CallRejected, EndpointRefused } from '../engine/errors.ts';
import { HumanError, codeOf, messageOf } from '../base/errors.ts';
import { shown } from '../base/keys.ts';
import { ResponseTooLarge } from '../base/responseText.ts';
import { sentence } from '../base/sentence.ts';
import type { Connection } from './connection.ts';
import { UnknownEncoding } from './contentEncoding.ts';
import { isTrainer, named, ownName, whereToLook } from './endpoint.ts';
import { BrokenAnswer } from '../wire/answerErrors.ts';
import { meaningOf } from '../wire/errorMeaning.ts';
import type { ErrorWords } from '../wire/errorWords.ts';
import { serviceSaid } from '../wire/serviceSaid.ts';
import type { ErrorMeaning } from '../wire/meanings.ts';
import { wantedOfEveryCall, type Wanted } from '../wire/ofEveryCall.ts';
import { ProxyRefusal } from './proxyRefusal.ts';
import { limitResetSeconds, retryAfterSeconds } from '../wire/retryAfter.ts';

/** More than an answer can be. Asked again the endpoint would do the same, at the same price: this call fails, alone. */
export class AnswerTooLarge extends CallRejected {}

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
      /** What to do about it, as sentences. Default: what there is to do about an endpoint that does not answer. */
      readonly advice?: string;
    }
  | { readonly kind: 'final'; readonly error: HumanError; readonly mayBePaid?: true }
  | { readonly kind: 'aborted' }
  /** Not the endpoint's doing: a bug of ours. */
  | { readonly kind: 'unknown' };

/** Whether an attempt that failed so may be charged all the same. */
export function mayBePaid(failure: Failure): boolean {
  return (failure.kind === 'retry' || failure.kind === 'final') && failure.mayBePaid === true;
}

/** @param what is asked for, for people: `model "x"`, `the upload of training rows`. */
export function classify(error: unknown, connection: Connection, what: string): Failure {
  if (error instanceof HumanError) return final(error);
  const tooLarge = chainOf(error).find((each) => each instanceof ResponseTooLarge);
  if (tooLarge !== undefined)
    return { kind: 'final', error: answerTooLarge(tooLarge, connection, what), mayBePaid: true };
  const packed = chainOf(error).find((each) => each instanceof UnknownEncoding);
  if (packed !== undefined) return { ...unreadable(packed, connection), mayBePaid: true };
  if (error instanceof APIUserAbortError) return { kind: 'aborted' };
  if (error instanceof APIConnectionTimeoutError) return passes({ what: 'timed out', mayBePaid: true, ofCall: true });
  if (error instanceof APIConnectionError) return connectionFailure(error, connection);
  const said = saidOf(error);
  if (said !== null) return statusFailure(said, connection, what);
  // A body that breaks off, or that is not what its headers say, fails while it is read.
  if (error instanceof BrokenAnswer || error instanceof SyntaxError || isBodyError(error)) {
    const what = `broken answer: ${shown(messageOf(error))}`;
    const advice = error instanceof BrokenAnswer ? error.advice : null;
    return passes({ what, mayBePaid: true, ofCall: true, ...(advice === null ? {} : { advice }) });
  }
  return { kind: 'unknown' };
}

type Final = Extract<Failure, { readonly kind: 'final' }>;

function final(error: HumanError): Final {
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
    `${named(endpoint)}, asked for ${what}: ${error.message}. ` +
      `${whereToLook(endpoint)}, or what stands between here and there.`,
  );
}

function unreadable({ encoding }: UnknownEncoding, connection: Connection): Final {
  const why = `it packs its answers as "${encoding}", which was not asked for and cannot be unpacked here`;
  return refused(connection, why, 'Turn that off there, or in what stands between here and there');
}

function passes(given: {
  readonly what: string;
  readonly mayBePaid?: boolean;
  readonly throttled?: boolean;
  readonly retryAfter?: number | null;
  readonly unreachable?: boolean;
  readonly ofCall: boolean;
  readonly advice?: string;
}): Failure {
  return { kind: 'retry', throttled: false, retryAfter: null, mayBePaid: false, unreachable: false, ...given };
}

function isBodyError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = codeOf(error) ?? codeOf(error.cause) ?? '';
  return error.message === 'terminated' || code.startsWith('UND_ERR_') || code === 'ECONNRESET';
}

function connectionFailure(error: APIConnectionError, connection: Connection): Failure {
  const chain = chainOf(error);
  const proxy = chain.find((each) => each instanceof ProxyRefusal);
  if (proxy !== undefined) return proxyFailure(proxy, connection);
  const root = chain.at(-1);
  const code = codeOf(root) ?? '';
  const text = shown(messageOf(root));
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS/.test(code)) {
    return refused(
      connection,
      `its certificate is not accepted (${code})`,
      'Set NODE_EXTRA_CA_CERTS, or the right "baseURL"',
    );
  }
  if (/WRONG_VERSION_NUMBER|wrong version number/.test(`${code} ${text}`)) {
    const why = 'what answers there speaks no TLS';
    return refused(connection, why, `Write endpoints.${connection.endpoint.name}.baseURL with http://`);
  }
  const neverSent =
    code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EAI_AGAIN' || /CONNECT_TIMEOUT/.test(code);
  return passes({ what: text === '' ? code : text, mayBePaid: !neverSent, unreachable: true, ofCall: !neverSent });
}

/** Nothing came to the endpoint. */
function proxyFailure({ passes: passing, message, advice }: ProxyRefusal, connection: Connection): Failure {
  if (!passing) return refused(connection, message, advice);
  return passes({ what: message, unreachable: true, ofCall: false, advice: `${advice}.` });
}

/** What an endpoint said by an error, wherever in its answer that was. */
export interface Said {
  readonly status: number;
  readonly words: ErrorWords;
  /** `429 Rate limit exceeded`, fit to be shown. */
  readonly text: string;
  readonly retryAfter: number | null;
  /** The target of a redirect; `null` where there is none. */
  readonly location: string | null;
  readonly mayBePaid: boolean;
}

/** `null`: an error that no endpoint spoke of. */
export function saidOf(error: unknown): Said | null {
  const said = serviceSaid(error);
  if (said === null) return null;
  const { status, words, text, headers, begun } = said;
  return {
    status,
    words,
    text: shown(text),
    retryAfter: retryAfterSeconds(headers) ?? words.retryAfter ?? (status === 429 ? limitResetSeconds(headers) : null),
    location: headers?.get('location') ?? null,
    mayBePaid: begun ?? tookTooLong.has(status),
  };
}

/** What stands between gave up on an answer that was under way: a gateway's time-out (504), Cloudflare's (520, 524), Azure's (408). */
const tookTooLong = new Set([408, 504, 520, 524]);

function statusFailure(said: Said, connection: Connection, what: string): Failure {
  const { endpoint } = connection;
  const meaning = meaningOf(said.status, said.words);
  switch (meaning) {
    case 'rateLimit':
    case 'passing':
      return passingFailure(meaning, said, connection);
    case 'noCredit':
      return refused(connection, `the account has no credit left (${said.text})`, 'Top it up');
    case 'denied':
      return refused(connection, `it does not serve this account, or not from here (${said.text})`, deniedAdvice);
    case 'wrongKey':
    case 'forbidden':
      // Another window listens there by now: where this one is shows in a moment.
      if (meaning === 'wrongKey' && endpoint.editorOn !== null) return passingFailure('passing', said, connection);
      return refused(
        connection,
        `${endpoint.editorOn === null ? 'it does not accept the key' : 'it does not let BetterTogether ask'} (${said.text})`,
        keyAdvice(connection),
        meaning === 'wrongKey',
      );
    case 'unknownModel': {
      const where =
        endpoint.embedded || endpoint.editorOn !== null
          ? ''
          : `, or endpoints.${endpoint.name}.baseURL (it usually ends in /v1)`;
      const advice = `Check "model" of the program, or of the step that asks${where}`;
      return refused(connection, `it does not know ${what} (${said.text})`, advice);
    }
    case 'redirect': {
      const advice = `If that is right, set endpoints.${endpoint.name}.baseURL to it; the key is not sent there`;
      return refused(connection, `it redirects to ${shown(targetOf(said.location, endpoint.baseURL))}`, advice);
    }
    case 'cannot':
      return refused(connection, `it cannot do this (${said.text})`, whereToLook(endpoint));
    case 'everyCall': {
      const advice = adviceOn(wantedOfEveryCall(said.words.text), connection);
      return refused(connection, `it wants something else of every call (${said.text})`, advice);
    }
    case 'outOfRange': {
      const why = `it does not take a setting of the sampling (${said.text})`;
      return refused(connection, why, 'Change it in "sampling" of the program, or where its code or the step sets it');
    }
    case 'noProvider': {
      const advice = `Change what is asked ("sampling" of the program, endpoints.${endpoint.name}.request), or name another model`;
      return refused(connection, `no provider of ${what} takes all that is asked of it (${said.text})`, advice);
    }
    case 'notLoaded': {
      const advice = 'Free memory there, update the server, or name another model';
      return refused(connection, `it cannot load ${what} (${said.text})`, advice);
    }
    case 'tooLong':
    case 'flagged':
    case 'unfinished':
    case 'rejected':
      return final(new CallRejected(rejectedText(said.text, rejectedAdvice[meaning], what, connection)));
  }
}

/** Whole, so that it can be set as it is. */
function targetOf(location: string | null, baseURL: string): string {
  if (location === null) return 'another address';
  return URL.canParse(location, baseURL) ? new URL(location, baseURL).href : location;
}

const deniedAdvice = 'See what the service says of the account, or name another endpoint';

/** Where what is limited are jobs: how many calls are in flight changes nothing. */
const limitOfJobsAdvice = 'Go on when its limit allows, or when other jobs of the account have ended.';

function passingFailure(
  meaning: 'rateLimit' | 'passing',
  { status, text, retryAfter, mayBePaid }: Said,
  { endpoint }: Connection,
): Failure {
  const crowded = meaning === 'rateLimit';
  const throttled = crowded || (status === 503 && retryAfter !== null);
  if (!crowded) return passes({ what: text, throttled, retryAfter, mayBePaid, ofCall: true });
  const advice = isTrainer(endpoint)
    ? limitOfJobsAdvice
    : `Lower endpoints.${endpoint.name}.concurrency in bettertogether.json, or go on when its limit allows.`;
  const what = /rate.?limit/i.test(text) ? text : `rate limit, ${text}`;
  return passes({ what, throttled, retryAfter, ofCall: false, ...(endpoint.embedded ? {} : { advice }) });
}

export const rejectedAdvice: Readonly<
  Record<Extract<ErrorMeaning, 'tooLong' | 'flagged' | 'unfinished' | 'rejected'>, string>
> = {
  tooLong: 'The prompt does not fit the model: use fewer demos or shorter inputs, or lower sampling.maxTokens.',
  flagged:
    'A filter of the service does not let this row through: change the row, or ask the service for another filter.',
  unfinished: 'Where the model thinks before it answers, raise sampling.maxTokens.',
  rejected: 'The endpoint will say the same again: look at the prompt, or at "sampling" and "adapter" of the program.',
};

function adviceOn(wanted: Wanted | null, { endpoint }: Connection): string {
  return wanted === 'apiVersion'
    ? `Set endpoints.${endpoint.name}.baseURL to the address that takes none: https://<resource>.openai.azure.com/openai/v1 for Azure`
    : `Name it in endpoints.${ownName(endpoint)}.headers`;
}

/** @param said fit to be shown. */
export function rejectedText(said: string, advice: string, what: string, { endpoint }: Connection): string {
  return `${named(endpoint)} rejected a call to ${what}: ${sentence(said)} ${advice}`;
}

function refused({ endpoint }: Connection, why: string, advice: string, key = false): Final {
  const message = `${named(endpoint)} refused: ${why}. ${advice}.`;
  return final(new EndpointRefused(message, { key }));
}

function keyAdvice({ endpoint }: Connection): string {
  if (endpoint.editorOn !== null) {
    return 'Run "BetterTogether: Test Endpoint" in VS Code: it asks for the permission to use the model';
  }
  if (endpoint.tokenFile !== null) return `Its key is in ${endpoint.tokenFile}: start the endpoint again`;
  if (endpoint.apiKeyEnv === null)
    return `Name the environment variable of a key in endpoints.${endpoint.name}.apiKeyEnv`;
  const check = `Check the key in the environment variable ${endpoint.apiKeyEnv} (endpoints.${endpoint.name}.apiKeyEnv)`;
  if (isTrainer(endpoint) || Object.keys(endpoint.headers).length > 0) return check;
  return `${check}; where the key goes into another header, say so in endpoints.${endpoint.name}.headers: {"api-key": "{key}"}`;
}
