import { expect, test } from 'vitest';
import { sleep, stopped } from '../../../src/engine/abort.ts';
import { BudgetExhausted, Cancelled } from '../../../src/engine/errors.ts';

test('a wait ends by itself, and leaves nothing behind on the signal', async () => {
  const listening: string[] = [];
  const { signal } = new AbortController();
  signal.addEventListener = (kind: string) => void listening.push(kind);
  signal.removeEventListener = (kind: string) => void listening.splice(listening.indexOf(kind), 1);
  await sleep(1, signal);
  expect(listening).toEqual([]);
});

test('an aborted wait rejects at once with why', async () => {
  const controller = new AbortController();
  const waiting = sleep(60_000, controller.signal);
  controller.abort(new BudgetExhausted('spent'));
  await expect(waiting).rejects.toThrow('spent');
  await expect(sleep(60_000, AbortSignal.abort())).rejects.toBeInstanceOf(Cancelled);
});

test('an abort without a reason of ours is a cancellation', () => {
  expect(stopped(AbortSignal.abort())).toBeInstanceOf(Cancelled);
  expect(stopped(AbortSignal.abort('text'))).toBeInstanceOf(Cancelled);
  expect(stopped(AbortSignal.abort(new Error('disk')))).toHaveProperty('message', 'disk');
});
