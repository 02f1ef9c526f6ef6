/** What a number of rows can tell apart, said before they are paid for. */
import * as l10n from '../base/l10n.ts';
import { z95 } from '../data/normal.ts';
import { intervalOf } from '../data/pairedDifference.ts';
import { counted } from './counted.ts';

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
  const known = scoreKnownTo(rows).toFixed(0);
  const tell =
    least === null
      ? l10n.t('a score is known to about ±{0} points, and any difference between two states may be chance', known)
      : l10n.t(
          'a score is known to about ±{0} points, and where a row is right or wrong, a difference of less than {1} points between two states may be chance',
          known,
          least < 10 ? least.toFixed(1) : least.toFixed(0),
        );
  return { rows: counted(rows, 'devRow'), tell };
}
