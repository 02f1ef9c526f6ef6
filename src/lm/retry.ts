import { randomInt } from 'node:crypto';
import { sleep, stopped } from '../engine/abort.ts';
import { BudgetExhausted, CallRejected, CallUnanswered, EndpointUnavailable } from '../engine/errors.ts';
import type { Failure } from './failures.ts';
import type { OtherCalls } from './otherCalls.ts';

export interface RetryOptions {
  /**
   * Seconds from the first failure after which no further attempt is begun. Default 120. Time in which the machine
   * slept does not count.
   */
  readonly patienceSeconds?: number;
  /** The same for an endpoint that cannot be reached and has not answered yet: it is likely not there. Default 10. */
  readonly firstContactSeconds?: number;
  /** The same for one that has answered and cannot be reached at all any more. Default: `patienceSeconds`. */
  readonly awaySeconds?: number;
  /** Attempts at most. Default 12; as many as patience allows where that is given. */
  readonly attempts?: number;
  /** The first wait, seconds; it doubles up to `longestSeconds`. Defaults 0.5 and 20. */
  readonly firstSeconds?: number;
  readonly longestSeconds?: number;
  /** In [0, 1). Default: the system's randomness, which only moves waits about and no result. */
  readonly jitter?: () => number;
}

/** What is known of an endpoint, shared by all of its callers. */
export class EndpointHealth {
  /** `performance.now()` of the last answer; `null`: none yet. */
  answeredAt: number | null = null;
}

export interface RetryContext {
  readonly health: EndpointHealth;
  /** Endpoint and what is asked of it, for the error: `Endpoint "lab" (http://…), model "x"`. */
  readonly who: string;
  /** The setting to look at when it gives up. */
  readonly advice: string;
  readonly classify: (error: unknown) => Failure;
  readonly options?: RetryOptions;
  /** Left out where there is one call alone: then it cannot fail by itself. */
  readonly others?: {
    readonly calls: OtherCalls;
    /** Asks for something plain; rejects when that is not answered either. */
    readonly ask: () => Promise<unknown>;
  };
}

/**
 * Makes attempts until one is answered, the failure is final, or patience ends. Waits grow exponentially, half of each
 * random, and never undercut what the endpoint asked for. A rate limit alone is no reason to give up as long as the
 * endpoint answers others: then patience counts from its last answer.
 *
 * @throws EndpointUnavailable when it gave up; CallUnanswered when it gave up and others are answered; `EndpointRefused`
 *   or `CallRejected` as `classify` says.
 */
export async function withRetries<T>(
  attempt: (number: number) => Promise<T>,
  context: RetryContext,
  signal: AbortSignal,
): Promise<T> {
  const patience = new Patience(context, signal);
  for (let number = 1; ; number++) {
    try {
      const result = await attempt(number);
      patience.answered();
      return result;
    } catch (error) {
      if (signal.aborted) throw stopped(signal);
      await patience.afterFailure(number, error);
    }
  }
}

/** With one call: from its first failure on. */
class Patience {
  readonly #context: RetryContext;
  readonly #signal: AbortSignal;
  #firstFailure: number | null = null;
  /** When the attempt before the last one had failed. */
  #before = performance.now();
  /** The last attempt was made knowing that others are answered. */
  #othersAnswer = false;

  constructor(context: RetryContext, signal: AbortSignal) {
    this.#context = context;
    this.#signal = signal;
  }

  answered(): void {
    const { health, others } = this.#context;
    health.answeredAt = performance.now();
    others?.calls.answered(this.#firstFailure === null ? null : secondsSince(this.#firstFailure));
  }

  /** Resolves when it is time for the next attempt. @throws as `withRetries`. */
  async afterFailure(number: number, error: unknown): Promise<void> {
    const failure = this.#context.classify(error);
    if (failure.kind === 'final') throw failure.error;
    if (failure.kind !== 'retry') throw error;
    const firstFailure = (this.#firstFailure ??= performance.now());
    const wait = waitBefore(number, failure, this.#context.options ?? {});
    const over = isOver(number, wait, failure, firstFailure, this.#context);
    if (over || isLikelyAlone(number, wait, failure, firstFailure, this.#context)) {
      if (this.#othersAnswer && failure.ofCall === true) {
        throw failedAlone(failure, number, firstFailure, this.#context);
      }
      this.#othersAnswer = await answersOthers(failure, this.#before, this.#context, this.#signal);
      // Perhaps it has only now come back: one more attempt shows it.
      if (this.#othersAnswer) return;
      if (over) throw gaveUp(failure, number, firstFailure, this.#context);
    }
    await this.#sleep(wait);
  }

  async #sleep(seconds: number): Promise<void> {
    this.#before = performance.now();
    await sleep(seconds * 1000, this.#signal);
    const late = performance.now() - this.#before - seconds * 1000;
    // A machine that slept wakes with its timers late, and its network later still: that was not the endpoint.
    if (late > lateMs) this.#firstFailure = (this.#firstFailure ?? 0) + late;
  }
}

/**
 * Whether the endpoint answers other calls now that this one has failed: it is asked something plain. Answers from
 * before do not show it; they count where the plain question is not to its liking, those since the attempt `before`.
 */
async function answersOthers(
  { ofCall }: Passing,
  before: number,
  { others, options, classify }: RetryContext,
  signal: AbortSignal,
): Promise<boolean> {
  if (others === undefined || ofCall !== true || options?.attempts !== undefined) return false;
  const failed = performance.now();
  try {
    await others.ask();
    return true;
  } catch (error) {
    if (signal.aborted) throw stopped(signal);
    if (error instanceof BudgetExhausted) throw error;
    const failure = classify(error);
    const rejected = failure.kind === 'final' && failure.error instanceof CallRejected;
    return others.calls.answeredSince(rejected ? before : failed);
  }
}

const secondsSince = (time: number): number => (performance.now() - time) / 1000;

/** Milliseconds by which no busy event loop is late. */
const lateMs = 5000;

function attemptsAtMost({ attempts, patienceSeconds }: RetryOptions): number {
  return attempts ?? (patienceSeconds === undefined ? 12 : Infinity);
}

type Passing = Extract<Failure, { kind: 'retry' }>;

function waitBefore(attempt: number, failure: Passing, options: RetryOptions): number {
  const jitter = options.jitter ?? (() => randomInt(1_000_000) / 1_000_000);
  const full = Math.min(options.longestSeconds ?? 20, (options.firstSeconds ?? 0.5) * 2 ** (attempt - 1));
  const wait = full / 2 + (full / 2) * jitter();
  return failure.retryAfter === null ? wait : Math.max(wait, failure.retryAfter + (full / 4) * jitter());
}

/** Whether no one waits for the endpoint any more. */
function isOver(number: number, wait: number, failure: Passing, firstFailure: number, context: RetryContext): boolean {
  const last = number >= attemptsAtMost(context.options ?? {}) && !failure.throttled;
  return last || wait > patienceLeft(failure, firstFailure, context);
}

/** Seconds that may still be waited. */
function patienceLeft(failure: Passing, firstFailure: number, { health, others, options = {} }: RetryContext): number {
  const neverThere = failure.unreachable && health.answeredAt === null;
  const long = options.patienceSeconds ?? 120;
  const away = failure.unreachable ? Math.min(long, options.awaySeconds ?? long) : long;
  const patience = neverThere ? Math.min(long, options.firstContactSeconds ?? 10) : away;
  const crowded = failure.throttled && !(failure.ofCall === true && others !== undefined);
  return patience - secondsSince(crowded ? Math.max(firstFailure, health.answeredAt ?? 0) : firstFailure);
}

/** Before a call is taken for one that fails alone, as others did before it. */
const attemptsAtLeast = 3;

/** Whether it is time to look if others are answered: sooner than patience ends where calls have failed alone before. */
function isLikelyAlone(
  number: number,
  wait: number,
  { ofCall }: Passing,
  firstFailure: number,
  { others, options = {} }: RetryContext,
): boolean {
  if (others === undefined || ofCall !== true || number < attemptsAtLeast) return false;
  return wait > others.calls.patience(options.patienceSeconds ?? 120) - secondsSince(firstFailure);
}

function gaveUp(failure: Passing, attempts: number, firstFailure: number, context: RetryContext): Error {
  const asked = failure.retryAfter === null ? '' : ` It asks to wait ${Math.ceil(failure.retryAfter)} s.`;
  return new EndpointUnavailable(
    `${context.who} gave no answer (${failure.what}; ${triesOf(attempts, firstFailure)}).${asked} ${failure.advice ?? context.advice} ` +
      'Nothing that was paid for is lost.',
  );
}

function failedAlone(failure: Passing, attempts: number, firstFailure: number, context: RetryContext): Error {
  context.others?.calls.gaveUp();
  return new CallUnanswered(
    `${context.who} answers other calls and not this one (${failure.what}; ${triesOf(attempts, firstFailure)}). ` +
      'The row is tried again the next time; the log of the endpoint may say what it fails at.',
  );
}

function triesOf(attempts: number, firstFailure: number): string {
  return attempts === 1 ? '1 attempt' : `${attempts} attempts in ${Math.round(secondsSince(firstFailure))} s`;
}
