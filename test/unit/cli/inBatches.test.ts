import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { InBatches } from '../../../src/cli/base/inBatches.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('hands on in order, what comes soon after each other together, and at once what waits when it is flushed', () => {
  const seen: (readonly number[])[] = [];
  const batches = new InBatches<number>((batch) => seen.push(batch));
  batches.add(1);
  batches.add(2);
  expect(seen).toEqual([]);
  vi.runAllTimers();
  batches.add(3);
  batches.flush();
  batches.flush();
  batches.add(4);
  vi.runAllTimers();
  expect(seen).toEqual([[1, 2], [3], [4]]);
});
