import { describe, expect, it } from 'vitest';
import { scoreOfMean } from '../../../src/engine/score.ts';
import { leastDifference, rowsTell, scoreKnownTo } from '../../../src/view/rowsTell.ts';
import { pairedDifference } from '../../../src/data/pairedDifference.ts';

const sizes = [3, 5, 12, 40, 200, 1000];

describe('what rows can tell apart', () => {
  it.each(sizes)('is for a score half of the interval that one of 50 %% on %i rows will have', (n) => {
    const { low, high } = scoreOfMean(0.5, n, 0);
    expect(scoreKnownTo(n)).toBeCloseTo((high - low) / 2, 1);
  });

  it.each(sizes)('is for two states on %i rows the least difference whose interval the page shows without 0', (n) => {
    const won = (leastDifference(n)! * n) / 100;
    expect(won).toBeCloseTo(Math.round(won));
    const compared = (better: number) =>
      pairedDifference(
        Array.from({ length: n }, () => 0),
        Array.from({ length: n }, (_, i) => (i < better ? 1 : 0)),
      )!;
    expect(compared(Math.round(won)).low).toBeGreaterThan(0);
    expect(compared(Math.round(won) - 1).low).toBeLessThanOrEqual(0);
  });

  it('is said in a sentence', () => {
    expect(rowsTell(12)).toEqual({
      rows: '12 dev rows',
      tell: 'a score is known to about ±25 points, and where a row is right or wrong, a difference of less than 33 points between two states may be chance',
    });
    expect(rowsTell(1000).tell).toMatch(/±3 points.* less than 0\.5 points/);
    expect(rowsTell(2).tell).toContain('any difference');
  });
});
