/** What a number of rows can tell apart, said before they are paid for. */
import { plural } from './words.ts';

/** 97.5 % quantile of the normal distribution: intervals are two-sided 95 %. */
const z = 1.959963984540054;

/** Half of a score's interval where it is widest, at 50 %: Wilson's, in points. */
export function scoreKnownTo(rows: number): number {
  return (100 * z) / (2 * Math.sqrt(rows + z ** 2));
}

/**
 * The least difference, in points, between two states on the same rows that is not within chance: at best, where all rows
 * that differ were won by the same state. Below it the interval of the difference (Agresti and Min) holds 0. `null`: no
 * difference on so few rows is enough.
 */
export function leastDifference(rows: number): number | null {
  const n = rows + 2;
  const isTold = (won: number): boolean => won > z * Math.sqrt(won + 1 - won ** 2 / n);
  for (let won = 1; won <= rows; won++) if (isTold(won)) return (100 * won) / rows;
  return null;
}

/** `12 dev rows`, and what they tell, without the full stop. */
export function rowsTell(rows: number): { readonly rows: string; readonly tell: string } {
  const least = leastDifference(rows);
  const difference =
    least === null
      ? 'any difference between two states may be chance'
      : `a difference of less than ${least < 10 ? least.toFixed(1) : least.toFixed(0)} points between two states may be chance`;
  return {
    rows: plural(rows, 'dev row'),
    tell: `a score is known to about ±${scoreKnownTo(rows).toFixed(0)} points, and ${difference}`,
  };
}
