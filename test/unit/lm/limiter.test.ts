import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Cancelled } from '../../../src/engine/errors.ts';
import { Limiter, type Slot } from '../../../src/lm/limiter.ts';
import { limitResetSeconds, retryAfterSeconds } from '../../../src/wire/retryAfter.ts';

const never = new AbortController().signal;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function fill(limiter: Limiter, count: number): Promise<Slot[]> {
  return Promise.all(Array.from({ length: count }, () => limiter.acquire(never)));
}

describe('the limit of requests in flight', () => {
  test('holds, and admits in order of arrival', async () => {
    const limiter = new Limiter(2);
    const [first] = await fill(limiter, 2);
    const admitted: number[] = [];
    for (const number of [1, 2, 3]) void limiter.acquire(never).then(() => admitted.push(number));
    await vi.advanceTimersByTimeAsync(0);
    expect([limiter.inFlight, limiter.waiting, admitted]).toEqual([2, 3, []]);
    first!.done('answered');
    await vi.advanceTimersByTimeAsync(0);
    expect(admitted).toEqual([1]);
  });

  test('retries go before new requests', async () => {
    const limiter = new Limiter(1);
    const [only] = await fill(limiter, 1);
    const admitted: string[] = [];
    void limiter.acquire(never, 'fresh').then(() => admitted.push('fresh'));
    void limiter.acquire(never, 'retry').then(() => admitted.push('retry'));
    only!.done('answered');
    await vi.advanceTimersByTimeAsync(0);
    expect(admitted).toEqual(['retry']);
  });

  test('halves on 429, once for all that were under way', async () => {
    const limiter = new Limiter(16);
    const slots = await fill(limiter, 16);
    await vi.advanceTimersByTimeAsync(10);
    for (const slot of slots) slot.done('throttled');
    expect(limiter.limit).toBe(8);
    await vi.advanceTimersByTimeAsync(10);
    const next = await limiter.acquire(never);
    next.done('throttled');
    expect(limiter.limit).toBe(4);
  });

  test('never falls below one', async () => {
    const limiter = new Limiter(2);
    for (let i = 0; i < 5; i++) {
      await vi.advanceTimersByTimeAsync(10);
      (await limiter.acquire(never)).done('throttled');
    }
    expect(limiter.limit).toBe(1);
  });

  test('grows again by one for each window of answers, up to the maximum', async () => {
    const limiter = new Limiter(4);
    (await limiter.acquire(never)).done('throttled');
    expect(limiter.limit).toBe(2);
    const answer = async (count: number) => {
      for (let i = 0; i < count; i++) (await limiter.acquire(never)).done('answered');
    };
    await answer(3);
    expect(limiter.limit).toBe(3);
    await answer(100);
    expect(limiter.limit).toBe(4);
  });

  test('lets nobody start while the endpoint asked to wait', async () => {
    const limiter = new Limiter(4);
    (await limiter.acquire(never)).done('throttled', 30);
    let admitted = 0;
    for (let i = 0; i < 2; i++) void limiter.acquire(never).then(() => admitted++);
    await vi.advanceTimersByTimeAsync(29_900);
    expect(admitted).toBe(0);
    await vi.advanceTimersByTimeAsync(200);
    expect(admitted).toBe(2);
  });

  test('a waiter that aborts leaves the queue and takes no slot', async () => {
    const limiter = new Limiter(1);
    const [only] = await fill(limiter, 1);
    const controller = new AbortController();
    const waiting = limiter.acquire(controller.signal);
    const next = limiter.acquire(never);
    controller.abort();
    await expect(waiting).rejects.toBeInstanceOf(Cancelled);
    expect(limiter.waiting).toBe(1);
    only!.done('answered');
    await next;
    expect(limiter.inFlight).toBe(1);
  });

  test('a slot that is handed back twice counts once', async () => {
    const limiter = new Limiter(2);
    const [first] = await fill(limiter, 2);
    first!.done('answered');
    first!.done('failed');
    expect(limiter.inFlight).toBe(1);
  });
});

describe('Retry-After', () => {
  const now = Date.parse('2026-11-22T10:00:00Z');
  const read = (headers: Record<string, string>) => retryAfterSeconds(new Headers(headers), now);
  test.each([
    [{ 'retry-after': '7' }, 7],
    [{ 'retry-after': '0.5' }, 0.5],
    [{ 'retry-after': 'Sun, 22 Nov 2026 10:01:30 GMT' }, 90],
    [{ 'retry-after': 'Sun, 22 Nov 2026 09:00:00 GMT' }, 0],
    [{ 'retry-after-ms': '1500', 'retry-after': '9' }, 1.5],
    [{ 'retry-after': '6m12s' }, 372],
    [{ 'retry-after': 'soon' }, null],
    [{}, null],
  ])('%j', (headers, seconds) => {
    expect(read(headers as Record<string, string>)).toBe(seconds);
  });
});

describe('a limit that is used up', () => {
  const now = Date.parse('2026-11-22T10:00:00Z');
  const left = (remaining: string, reset: string) => ({
    'x-ratelimit-remaining-requests': remaining,
    'x-ratelimit-reset-requests': reset,
  });
  const single = (reset: number | string) => ({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) });
  const tokens = { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '8.64s' };
  test.each([
    [left('0', '1s'), 1],
    [left('0', '250ms'), 0.25],
    // That is when it is whole: requests get through before.
    [left('0', '6m0s'), 10],
    [left('0', '7'), 7],
    [{ ...left('9', '6m0s'), ...tokens }, 8.64],
    [{ ...left('0', '2s'), ...tokens }, 8.64],
    [left('9', '6m0s'), null],
    // How much is left is not said: another limit may be the cause.
    [{ 'x-ratelimit-reset-tokens': '3s' }, null],
    [{ 'x-ratelimit-remaining-tokens': '-1', 'x-ratelimit-reset-tokens': '0' }, null],
    [
      { 'anthropic-ratelimit-requests-remaining': '0', 'anthropic-ratelimit-requests-reset': '2026-11-22T10:00:07Z' },
      7,
    ],
    [single(now / 1000 + 8), 8],
    [single(now + 8_000), 8],
    [single(now - 12_000), null],
    [single('soon'), null],
    [{}, null],
  ])('%j', (headers, seconds) => {
    const read = limitResetSeconds(new Headers(headers as Record<string, string>), now);
    if (seconds === null) expect(read).toBeNull();
    else expect(read).toBeCloseTo(seconds, 5);
  });
});
