import { APIError } from 'openai';
import type * as z from 'zod';
import { HumanError, messageOf } from '../../base/errors.ts';
import { shown } from '../../base/keys.ts';
import { sentence } from '../../base/sentence.ts';
import { CallRejected, CannotList, EndpointRefused, EndpointUnavailable } from '../../engine/errors.ts';
import type { Connection } from '../../lm/connection.ts';
import { whereToLook } from '../../lm/endpoint.ts';
import { BrokenAnswer } from '../../wire/answerErrors.ts';
import { meaningOf } from '../../wire/errorMeaning.ts';
import type { ErrorMeaning } from '../../wire/meanings.ts';
import { classify, saidOf } from '../../lm/failures.ts';
import type { Failure } from '../../lm/failures.ts';
import { EndpointHealth, withRetries, type RetryOptions } from '../../lm/retry.ts';
import { sendPlain } from './plainRequest.ts';
import type { PlainAnswer, PlainRequest } from './plainRequest.ts';

export interface ServiceClientOptions {
  readonly connection: Connection;
  /** For people, before the endpoint's name: `The training service of`. */
  readonly who: string;
  readonly retry?: RetryOptions;
  /** Something the user should know. */
  readonly onWarning: (message: string) => void;
  /** What to change where the service says this of rows or a job, as a sentence; '': nothing is known. Default: that. */
  readonly advice?: (said: string) => string;
}

export type RequestContent = Partial<Pick<PlainRequest, 'json' | 'form'>>;

export interface SentRequest extends RequestContent, Pick<PlainRequest, 'method' | 'url'> {
  /** Statuses that mean that there is nothing, or that it was done before. Default: none. */
  readonly taken?: readonly number[];
}

/** Seconds and attempts for a question whose answer a run can do without. */
const brief = { seconds: 20, attempts: 3 } as const;

/** Requests to a service on the OpenAI wire, with retries, and errors that name the service and what it was asked for. */
export class ServiceClient {
  readonly connection: Connection;
  readonly #options: ServiceClientOptions;
  readonly #health = new EndpointHealth();
  readonly #warned = new Set<string>();

  constructor(options: ServiceClientOptions) {
    this.#options = options;
    this.connection = options.connection;
  }

  /** `The training service of "lab" (http://…)`. */
  get who(): string {
    const { name, baseURL } = this.connection.endpoint;
    return `${this.#options.who} "${name}" (${baseURL})`;
  }

  get retry(): RetryOptions {
    return this.#options.retry ?? {};
  }

  /**
   * @param what is asked for, for people: `a training file`.
   * @param request makes one attempt.
   * @param also what a failure means here, where that is not what it means everywhere; `null`: it is.
   * @throws EndpointUnavailable, EndpointRefused or CallRejected.
   */
  ask<T>(
    what: string,
    signal: AbortSignal,
    request: (signal: AbortSignal) => Promise<T>,
    { also, retry = this.retry }: { also?: (error: unknown) => HumanError | null; retry?: RetryOptions } = {},
  ): Promise<T> {
    const context = {
      health: this.#health,
      who: `${this.who}, asked for ${what},`,
      advice: `${whereToLook(this.connection.endpoint)}.`,
      classify: (error: unknown): Failure => {
        const own = also?.(error) ?? (refusesContent(error) ? this.refusal(what, wordsOf(error)) : null);
        return own === null ? classify(error, this.connection, what) : { kind: 'final', error: own };
      },
      options: retry,
    };
    return withRetries(() => request(signal), context, signal);
  }

  /** `GET`, as an object of the schema. */
  get<T>(what: string, path: string, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    return this.ask(what, signal, async (own) => parsed(schema, await this.read(path, {}, own)));
  }

  /** One `GET`, once. */
  read(path: string, query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<unknown> {
    return this.connection.openai.get<unknown>(path, { query, signal });
  }

  /** One `POST`, once. */
  post(path: string, content: RequestContent, signal: AbortSignal): Promise<unknown> {
    return this.send({ method: 'POST', url: this.url(path), ...content }, signal);
  }

  /** One request, once; `null`: an answer without content, or one that is `taken` as none. */
  async send(request: SentRequest, signal: AbortSignal): Promise<unknown> {
    const { taken = [], ...sent } = request;
    const take = ({ status }: PlainAnswer) => taken.includes(status);
    const { status, text } = await sendPlain(this.connection, { ...sent, take }, signal);
    if (taken.includes(status) || text.trim() === '') return null;
    try {
      return JSON.parse(text);
    } catch {
      throw new BrokenAnswer('not JSON', text);
    }
  }

  /** @param path below the base URL, with its slash. */
  url(path: string): string {
    return `${this.connection.endpoint.baseURL}${path}`;
  }

  /** The service does not take what it was sent: the rows, or a setting of the job. */
  refusal(what: string, said: string): CallRejected {
    const advice = this.#options.advice?.(said) ?? '';
    return new CallRejected(
      `${this.who} does not take ${what}: ${sentence(shown(said))} ` +
        `${advice === '' ? '' : `${advice} `}Nothing was started; the rows as sent lie in the rows folder of the run.`,
    );
  }

  /**
   * Asks for something that a run can do without, and does not wait long. A service that has no such thing gives `none`;
   * whatever else goes wrong is a warning.
   */
  async optional<T>(
    what: string,
    none: T,
    signal: AbortSignal,
    ask: (signal: AbortSignal, retry: RetryOptions) => Promise<T>,
  ): Promise<T> {
    const seconds = Math.min(brief.seconds, this.retry.patienceSeconds ?? brief.seconds);
    const limit = AbortSignal.timeout(seconds * 1000);
    try {
      return await ask(AbortSignal.any([signal, limit]), {
        ...this.retry,
        patienceSeconds: seconds,
        attempts: brief.attempts,
      });
    } catch (error) {
      if (signal.aborted || !(limit.aborted || error instanceof HumanError)) throw error;
      if (error instanceof CannotList && !(error instanceof OtherShape)) return none;
      const why = limit.aborted ? `no answer within ${seconds} s` : messageOf(error);
      this.warnOnce(`${this.who} did not give ${what}. The run goes on without: ${why}`);
      return none;
    }
  }

  /** Notifies the user of hyper-parameters that a job is not sent. */
  sayLeftOut(leftOut: readonly string[]): void {
    if (leftOut.length === 0) return;
    const { name } = this.connection.endpoint;
    this.warnOnce(
      `The training service of "${name}" chooses these itself, so they are not sent: ${leftOut.join(', ')}.`,
    );
  }

  /** Notifies the user, once each. */
  warnOnce(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#options.onWarning(message);
  }
}

/** A list that is there, and cannot be read. */
export class OtherShape extends CannotList {}

/** Whether the service has said no, so that asking again would not help. */
export function isRefusal(error: unknown): error is EndpointRefused | CallRejected {
  return error instanceof EndpointRefused || error instanceof CallRejected;
}

/** Whether a question failed as questions do, and not because the work was cancelled or we have a bug. */
export function isUnanswered(error: unknown): boolean {
  return isRefusal(error) || error instanceof EndpointUnavailable || error instanceof CannotList;
}

/** `instanceof` alone makes `any` of its fields. */
export function isApiError(error: unknown): error is APIError {
  return error instanceof APIError;
}

/** Gone, or never there: said of a job, that is an answer. */
export function isUnknown(error: unknown): error is APIError {
  return isApiError(error) && (error.status === 404 || error.status === 410);
}

/** The request itself is wrong in the service's eyes: the rows, or a setting of the job. */
export function refusesContent(error: unknown): error is APIError {
  return isApiError(error) && [400, 409, 413, 415, 422].includes(error.status ?? 0) && !isOtherwise(error);
}

/** Of a page that stands before the service, its title. */
function wordsOf(error: APIError): string {
  return saidOf(error)?.text ?? error.message;
}

/** Whether the service has something of that name, so that it makes no second one. */
export function isTaken(error: unknown): boolean {
  return isApiError(error) && error.status === 409 && refusesContent(error);
}

/**
 * 400 is also how some say that the account is empty, that the model is not known or that the rows are still looked at,
 * 409 that something else is under way.
 */
function isOtherwise(error: APIError): boolean {
  const said = saidOf(error);
  return error.code === 'model_not_found' || (said !== null && otherwise.has(meaningOf(said.status, said.words)));
}

const otherwise: ReadonlySet<ErrorMeaning> = new Set(['noCredit', 'denied', 'wrongKey', 'rateLimit', 'passing']);

/** @throws BrokenAnswer for a value of another shape. */
export function parsed<T>(schema: z.ZodType<T>, value: unknown, shape = 'the OpenAI shape'): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new BrokenAnswer(`not of ${shape}`, value);
}
