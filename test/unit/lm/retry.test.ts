import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Cancelled, CallRejected, CallUnanswered, EndpointUnavailable } from '../../../src/engine/errors.ts';
import type { Failure } from '../../../src/lm/failures.ts';
import { OtherCalls } from '../../../src/lm/otherCalls.ts';
import { EndpointHealth, withRetries, type RetryContext, type RetryOptions } from '../../../src/lm/retry.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

type Passing = Extract<Failure, { kind: 'retry' }>;
const passing: Passing = {
  kind: 'retry',
  what: '503',
  throttled: false,
  retryAfter: null,
  mayBePaid: false,
  unreachable: false,
};

function contextOf(failure: Failure, options: RetryOptions = {}): RetryContext {
  return {
    health: new EndpointHealth(),
    who: 'Endpoint "lab" (http://box/v1), model "m",',
    advice: 'Check it.',
    classify: () => failure,
    options: { jitter: () => 0.5, ...options },
  };
}

/** Runs until settled under fake timers; gives the seconds at which attempts were made. */
async function attempts(
  context: RetryContext,
  failures: number,
  onAttempt: () => void = () => undefined,
): Promise<{ readonly at: number[]; readonly result: unknown }> {
  const at: number[] = [];
  const start = performance.now();
  const attempt = async (): Promise<string> => {
    at.push((performance.now() - start) / 1000);
    onAttempt();
    if (at.length <= failures) throw new Error('no');
    return Promise.resolve('answer');
  };
  const settled = withRetries(attempt, context, new AbortController().signal).catch((error: unknown) => error);
  await vi.runAllTimersAsync();
  return { at, result: await settled };
}

describe('retries', () => {
  test('wait exponentially, half of it jitter, and give the answer', async () => {
    const { at, result } = await attempts(contextOf(passing), 3);
    expect(result).toBe('answer');
    // 0.75 of 0.5, 1 and 2 seconds.
    expect(at.map((second) => Number(second.toFixed(3)))).toEqual([0, 0.375, 1.125, 2.625]);
  });

  test('jitter spreads the waits between half and the whole', async () => {
    const low = await attempts(contextOf(passing, { jitter: () => 0 }), 1);
    const high = await attempts(contextOf(passing, { jitter: () => 0.999 }), 1);
    expect(low.at[1]).toBeCloseTo(0.25, 2);
    expect(high.at[1]).toBeCloseTo(0.5, 2);
  });

  test('never come before the endpoint asked them to', async () => {
    const { at } = await attempts(contextOf({ ...passing, throttled: true, retryAfter: 30 }), 1);
    expect(at[1]).toBeGreaterThanOrEqual(30);
    expect(at[1]).toBeLessThan(31);
  });

  test('end with patience, in an error that names endpoint, model and what to do', async () => {
    const { at, result } = await attempts(contextOf(passing), Infinity);
    expect(result).toBeInstanceOf(EndpointUnavailable);
    expect((result as Error).message).toMatch(
      /^Endpoint "lab" \(http:\/\/box\/v1\), model "m", gave no answer \(503; /,
    );
    expect((result as Error).message).toContain('Check it.');
    expect(at.at(-1)).toBeLessThanOrEqual(120);
    expect(at.length).toBeGreaterThan(6);
  });

  test('end at once when the endpoint asks for more patience than there is', async () => {
    const { at, result } = await attempts(contextOf({ ...passing, throttled: true, retryAfter: 3600 }), Infinity);
    expect(at).toEqual([0]);
    expect((result as Error).message).toContain('asks to wait 3600 s');
  });

  test('end soon for an endpoint that never answered and cannot be reached', async () => {
    const { at } = await attempts(contextOf({ ...passing, unreachable: true }), Infinity);
    expect(at.at(-1)).toBeLessThanOrEqual(10);
    const known = contextOf({ ...passing, unreachable: true });
    known.health.answeredAt = performance.now();
    expect((await attempts(known, Infinity)).at.at(-1)).toBeGreaterThan(60);
  });

  test('go on under a rate limit for as long as the endpoint answers others', async () => {
    const context = contextOf({ ...passing, throttled: true });
    const { at, result } = await attempts(context, 40, () => {
      context.health.answeredAt = performance.now();
    });
    expect(result).toBe('answer');
    expect(at.at(-1)).toBeGreaterThan(400);
  });

  test('are not made for what is final', async () => {
    const error = new CallRejected('too long');
    const { at, result } = await attempts(contextOf({ kind: 'final', error }), Infinity);
    expect([at.length, result]).toEqual([1, error]);
  });

  test('stop at once when aborted in a wait', async () => {
    const controller = new AbortController();
    let made = 0;
    const settled = withRetries(
      () => {
        made++;
        return Promise.reject(new Error('no'));
      },
      contextOf(passing),
      controller.signal,
    ).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(100);
    controller.abort();
    expect(await settled).toBeInstanceOf(Cancelled);
    await vi.runAllTimersAsync();
    expect(made).toBe(1);
  });
});

describe('a call that fails while others are answered', () => {
  const ofCall: Passing = { ...passing, what: '500', ofCall: true };
  const nobody = () => Promise.reject(new Error('no'));

  function contextBeside(calls: OtherCalls, ask: () => Promise<unknown>, failure = ofCall): RetryContext {
    return { ...contextOf(failure), others: { calls, ask } };
  }

  test('fails by itself when its patience is over and the endpoint then answers something plain', async () => {
    let asked = 0;
    const ask = () => Promise.resolve(asked++);
    const { at, result } = await attempts(contextBeside(new OtherCalls(), ask), Infinity);
    expect(result).toBeInstanceOf(CallUnanswered);
    expect((result as Error).message).toMatch(/model "m", answers other calls and not this one \(500; \d+ attempts in/);
    expect(at.at(-1)).toBeGreaterThan(90);
    expect(at.at(-1)).toBeLessThanOrEqual(120);
    expect(asked).toBe(1);
  });

  test.each([
    ['fails meanwhile', passing, 'during', CallUnanswered],
    ['fails', passing, 'before', EndpointUnavailable],
    ['is rejected', { kind: 'final', error: new CallRejected('no') }, 'before', CallUnanswered],
    ['is rejected', { kind: 'final', error: new CallRejected('no') }, 'never', EndpointUnavailable],
  ] as const)('where the plain question %s (%o) and others were answered %s', async (_, asked, when, kind) => {
    const calls = new OtherCalls();
    const refused = new Error('plain');
    const ask = () => {
      if (when === 'during') setTimeout(() => calls.answered(null), 5);
      return new Promise((_resolve, reject) => setTimeout(() => reject(refused), 10));
    };
    const context = contextBeside(calls, ask);
    const classify = (error: unknown): Failure => (error === refused ? asked : ofCall);
    const { result } = await attempts({ ...context, classify }, Infinity, () => {
      if (when === 'before') calls.answered(null);
    });
    expect(result).toBeInstanceOf(kind);
  });

  test('is not blamed at the beginning of an outage that the endpoint announces', async () => {
    const calls = new OtherCalls();
    const away: Passing = { ...passing, throttled: true, retryAfter: 3600, ofCall: true };
    const { at, result } = await attempts(contextBeside(calls, nobody, away), Infinity, () => {
      calls.answered(null);
    });
    expect([at.length, result]).toEqual([1, expect.any(EndpointUnavailable)]);
  });

  test('is nobody to blame where the endpoint answers nobody, though it did before', async () => {
    const calls = new OtherCalls();
    calls.answered(null);
    const { at, result } = await attempts(contextBeside(calls, nobody), Infinity);
    expect(result).toBeInstanceOf(EndpointUnavailable);
    expect(at.at(-1)).toBeGreaterThan(90);
  });

  test('gets one more attempt when the endpoint has come back', async () => {
    const calls = new OtherCalls();
    const patient = await attempts(contextBeside(calls, nobody), Infinity);
    const { result } = await attempts(
      contextBeside(calls, () => Promise.resolve('hi')),
      patient.at.length,
    );
    expect(result).toBe('answer');
  });

  test.each([
    ['a rate limit', { ...passing, throttled: true }],
    ['a refused connection', { ...passing, unreachable: true }],
  ])('is never blamed for %s', async (_, failure) => {
    const { result } = await attempts(
      contextBeside(new OtherCalls(), () => Promise.resolve('hi'), failure),
      Infinity,
    );
    expect(result).toBeInstanceOf(EndpointUnavailable);
  });

  test('is waited for less each time, but not less than others needed to be answered', async () => {
    const calls = new OtherCalls();
    const ask = () => Promise.resolve('hi');
    const last: number[] = [];
    for (let call = 0; call < 8; call++) last.push((await attempts(contextBeside(calls, ask), Infinity)).at.at(-1)!);
    expect(last[0]).toBeGreaterThan(90);
    expect(last.slice(5).every((seconds) => seconds < 4)).toBe(true);
    calls.answered(10);
    expect((await attempts(contextBeside(calls, ask), Infinity)).at.at(-1)).toBeGreaterThan(20);
  });

  test('does not shorten the patience with an endpoint that then answers nobody', async () => {
    const calls = new OtherCalls();
    for (let call = 0; call < 8; call++) calls.gaveUp();
    const { at, result } = await attempts(contextBeside(calls, nobody), Infinity);
    expect(result).toBeInstanceOf(EndpointUnavailable);
    expect(at.at(-1)).toBeGreaterThan(90);
  });
});
