import { randomInt } from 'node:crypto';
import { sleep, stopped } from '../engine/abort.ts';
import { EndpointUnavailable } from '../engine/errors.ts';
import type { Failure } from './failures.ts';

export interface RetryOptions {
  /**
   * Seconds from the first failure after which no further attempt is begun. Default 120. Time in which the machine
   * slept does not count.
   */
  readonly patienceSeconds?: number;
  /** The same for an endpoint that cannot be reached and has not answered anything yet: it is likely not there. Default 10. */
  readonly firstContactSeconds?: number;
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
}

/**
 * Makes attempts until one is answered, the failure is final, or patience ends. Waits grow exponentially, half of each
 * random, and never undercut what the endpoint asked for. A rate limit alone is no reason to give up as long as the
 * endpoint answers others: then patience counts from its last answer.
 *
 * @throws EndpointUnavailable when it gave up; `EndpointRefused` or `CallRejected` as `classify` says.
 */
export async function withRetries<T>(
  attempt: (number: number) => Promise<T>,
  context: RetryContext,
  signal: AbortSignal,
): Promise<T> {
  const options = context.options ?? {};
  let firstFailure: number | null = null;
  for (let number = 1; ; number++) {
    try {
      const result = await attempt(number);
      context.health.answeredAt = performance.now();
      return result;
    } catch (error) {
      if (signal.aborted) throw stopped(signal);
      const failure = context.classify(error);
      if (failure.kind === 'final') throw failure.error;
      if (failure.kind !== 'retry') throw error;
      firstFailure ??= performance.now();
      const wait = waitBefore(number, failure, options);
      const patience = patienceLeft(failure, firstFailure, context);
      const last = number >= attemptsAtMost(options) && !failure.throttled;
      if (last || wait > patience) throw gaveUp(failure, number, firstFailure, context);
      const asleep = performance.now();
      await sleep(wait * 1000, signal);
      const late = performance.now() - asleep - wait * 1000;
      // A machine that slept wakes with its timers late, and its network later still: that was not the endpoint.
      if (late > lateMs) firstFailure += late;
    }
  }
}

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

/** Seconds that may still be waited. */
function patienceLeft(failure: Passing, firstFailure: number, { health, options = {} }: RetryContext): number {
  const neverThere = failure.unreachable && health.answeredAt === null;
  const long = options.patienceSeconds ?? 120;
  const patience = neverThere ? Math.min(long, options.firstContactSeconds ?? 10) : long;
  const since = failure.throttled ? Math.max(firstFailure, health.answeredAt ?? 0) : firstFailure;
  return patience - (performance.now() - since) / 1000;
}

function gaveUp(failure: Passing, attempts: number, firstFailure: number, context: RetryContext): Error {
  const seconds = Math.round((performance.now() - firstFailure) / 1000);
  const asked = failure.retryAfter === null ? '' : ` It asks to wait ${Math.ceil(failure.retryAfter)} s.`;
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts in ${seconds} s`;
  return new EndpointUnavailable(
    `${context.who} gave no answer (${failure.what}; ${tries}).${asked} ${context.advice} Nothing that was paid for is lost.`,
  );
}
