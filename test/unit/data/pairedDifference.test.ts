import { describe, expect, it } from 'vitest';
import { pairedDifference } from '../../../src/data/pairedDifference.ts';

describe('the difference of two states on the same rows', () => {
  it('is that of the means, with an interval that holds it', () => {
    const first = [0, 0, 0, 0, 1, 1, 1, 1, 1, 0];
    const second = [1, 1, 1, 0, 1, 1, 1, 1, 0, 0];
    const difference = pairedDifference(first, second)!;
    expect(difference.points).toBeCloseTo(20);
    expect(difference.n).toBe(10);
    // By hand: three and a half better, one and a half worse, of twelve.
    expect((difference.low + difference.high) / 2).toBeCloseTo((100 * 2) / 12, 5);
    expect(difference.high - difference.low).toBeCloseTo((2 * 195.9964 * Math.sqrt(5 - 4 / 12)) / 12, 3);
  });

  it('is sure of itself only with many rows', () => {
    const rows = (n: number, score: number) => Array.from({ length: n }, () => score);
    expect(pairedDifference(rows(4, 0), [1, 0, 0, 0])!.low).toBeLessThan(0);
    expect(pairedDifference(rows(100, 0), [...rows(25, 1), ...rows(75, 0)])!.low).toBeGreaterThan(0);
    // Not one row differs: that is no proof that none would.
    expect(pairedDifference(rows(20, 1), rows(20, 1))).toMatchObject({ points: 0, n: 20, differing: 0 });
    expect(pairedDifference(rows(20, 1), rows(20, 1))!.high).toBeGreaterThan(5);
  });

  it('takes scores between right and wrong, and only rows that both have', () => {
    const difference = pairedDifference([0.5, 0.25, null, 1], [0.75, 0.5, 1, null])!;
    expect(difference).toMatchObject({ points: 25, n: 2, differing: 2 });
    expect(pairedDifference([null], [1])).toBeNull();
    expect(pairedDifference([], [])).toBeNull();
  });

  it('is not sure of few rows because their gains are alike', () => {
    const rows = (n: number, score: number) => Array.from({ length: n }, () => score);
    expect(pairedDifference([0.5, 0.2], [0.8, 0.51])!.low).toBeLessThan(0);
    expect(pairedDifference(rows(3, 0.5), rows(3, 0.6))!.low).toBeLessThan(0);
    const many = pairedDifference(rows(200, 0.5), rows(200, 0.6))!;
    expect(many.low).toBeGreaterThan(5);
    expect(many.high).toBeLessThan(15);
  });
});
