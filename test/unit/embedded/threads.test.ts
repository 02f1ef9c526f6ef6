import { describe, expect, it } from 'vitest';
import { freeThreads } from '../../../src/embedded/llama/threads.ts';

const start = { total: 0, idle: 0, own: 0 };
/** One second on two cores; own and others' milliseconds. */
const second = (own: number, others: number) => ({ total: 2000, idle: 2000 - own - others, own });

describe('freeThreads', () => {
  it.each([
    ['an idle machine', second(0, 0), 2],
    ['only this process at work', second(2000, 0), 2],
    ['a little noise', second(1700, 300), 2],
    ['another process on one core', second(1000, 1000), 1],
    ['many others', second(300, 1700), 1],
    ['a clock that stood still', start, 2],
  ])('%s', (_name, after, threads) => {
    expect(freeThreads(start, after, 2, 2)).toBe(threads);
  });

  it('never asks for more than it may have', () => {
    expect(freeThreads(start, { total: 16000, idle: 16000, own: 0 }, 16, 4)).toBe(4);
  });
});
