/** What a number of rows can tell apart, said before they are paid for. */
import { z95 } from '../data/normal.ts';
import { intervalOf } from '../data/pairedDifference.ts';
import { plural } from './words.ts';

/** Half of a score's interval where it is widest, at 50 %: Wilson's, in points. */
export function scoreKnownTo(rows: number): number {
  return (100 * z95) / (2 * Math.sqrt(rows + z95 ** 2));
}

/**
 * The least difference, in points, between two states on the same rows that is not within chance where each row is right or
 * wrong: at best, where all rows that differ were won by the same state. `null`: no difference on so few rows is enough.
 */
export function leastDifference(rows: number): number | null {
  const isClear = (won: number): boolean => intervalOf({ sum: won, squares: won, n: rows }).low > 0;
  for (let won = 1; won <= rows; won++) if (isClear(won)) return (100 * won) / rows;
  return null;
}

/** `12 dev rows`, and what they tell, without the full stop. */
export function rowsTell(rows: number): { readonly rows: string; readonly tell: string } {
  const least = leastDifference(rows);
  const difference =
    least === null
      ? 'any difference between two states may be chance'
      : `where a row is right or wrong, a difference of less than ${least < 10 ? least.toFixed(1) : least.toFixed(0)} points between two states may be chance`;
  return {
    rows: plural(rows, 'dev row'),
    tell: `a score is known to about ±${scoreKnownTo(rows).toFixed(0)} points, and ${difference}`,
  };
}
