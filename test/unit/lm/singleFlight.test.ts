import { describe, expect, test } from 'vitest';
import { Cancelled } from '../../../src/engine/errors.ts';
import { SingleFlight } from '../../../src/lm/singleFlight.ts';

function work() {
  const begun: { resolve: (value: string) => void; reject: (error: Error) => void; signal: AbortSignal }[] = [];
  const run = (signal: AbortSignal) =>
    new Promise<string>((resolve, reject) => {
      begun.push({ resolve, reject, signal });
    });
  return { begun, run };
}
const signal = () => new AbortController().signal;

describe('single flight', () => {
  test('makes one request for identical concurrent ones and names its leader', async () => {
    const flights = new SingleFlight<string>();
    const { begun, run } = work();
    const all = [1, 2, 3].map(() => flights.run('k', signal(), run));
    expect(begun.length).toBe(1);
    begun[0]!.resolve('answer');
    expect(await Promise.all(all)).toEqual([
      { value: 'answer', leader: true },
      { value: 'answer', leader: false },
      { value: 'answer', leader: false },
    ]);
    expect(flights.size).toBe(0);
  });

  test('never merges different keys', () => {
    const flights = new SingleFlight<string>();
    const { begun, run } = work();
    void flights.run('k, repeat 0', signal(), run);
    void flights.run('k, repeat 1', signal(), run);
    expect(begun.length).toBe(2);
  });

  test('a waiter that aborts leaves the others their request, even the one that began it', async () => {
    const flights = new SingleFlight<string>();
    const { begun, run } = work();
    const leader = new AbortController();
    const first = flights.run('k', leader.signal, run);
    const second = flights.run('k', signal(), run);
    leader.abort();
    await expect(first).rejects.toBeInstanceOf(Cancelled);
    expect(begun[0]!.signal.aborted).toBe(false);
    begun[0]!.resolve('answer');
    expect(await second).toEqual({ value: 'answer', leader: false });
  });

  test('is aborted with its last waiter; who comes then begins anew', async () => {
    const flights = new SingleFlight<string>();
    const { begun, run } = work();
    const controllers = [new AbortController(), new AbortController()];
    const waiting = controllers.map((one) => flights.run('k', one.signal, run).catch((error: unknown) => error));
    for (const controller of controllers) controller.abort();
    await Promise.all(waiting);
    expect(begun[0]!.signal.aborted).toBe(true);
    const again = flights.run('k', signal(), run);
    expect(begun.length).toBe(2);
    begun[0]!.reject(new Error('aborted'));
    begun[1]!.resolve('new');
    expect(await again).toEqual({ value: 'new', leader: true });
  });

  test('a failure reaches all waiters and is not kept', async () => {
    const flights = new SingleFlight<string>();
    const { begun, run } = work();
    const both = [flights.run('k', signal(), run), flights.run('k', signal(), run)];
    begun[0]!.reject(new Error('no'));
    for (const one of both) await expect(one).rejects.toThrow('no');
    void flights.run('k', signal(), run);
    expect(begun.length).toBe(2);
  });
});
