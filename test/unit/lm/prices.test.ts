import { describe, expect, test } from 'vitest';
import { priceOf, usdAtMost, usdOfTraining, usdOfUsage } from '../../../src/lm/prices.ts';

const star = { input: 1, output: 2 };
const base = { input: 10, cachedInput: 5, output: 20, training: 30 };
const table = { '*': star, base };

describe('prices', () => {
  test('exact name before the base of a tuned model before *', () => {
    expect(priceOf(table, 'base', null)).toBe(base);
    expect(priceOf(table, 'ft-1', 'base')).toBe(base);
    expect(priceOf(table, 'ft-1', null)).toBe(star);
    expect(priceOf({ base }, 'other', null)).toBeNull();
    expect(priceOf(table, 'toString', null)).toBe(star);
    expect(priceOf(null, 'base', null)).toBeNull();
  });

  test('dollars per million, cached input at its own price', () => {
    const usage = { inputTokens: 1_000_000, cachedInputTokens: 400_000, outputTokens: 100_000 };
    expect(usdOfUsage(base, usage)).toBeCloseTo(6 + 2 + 2);
    expect(usdOfUsage(star, usage)).toBeCloseTo(1 + 0.2);
    expect(usdOfUsage(base, null)).toBeNull();
    expect(usdOfUsage(null, usage)).toBeNull();
  });

  test('the worst case has nothing cached', () => {
    expect(usdAtMost(base, 1_000_000, 1_000_000)).toBeCloseTo(30);
    expect(usdOfTraining(base, 2_000_000)).toBeCloseTo(60);
    expect(usdOfTraining(star, 5)).toBeNull();
  });
});
