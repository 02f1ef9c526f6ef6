/** How far strategies are apart over all seeds of a comparison, row by row. Pure. */
import { pairedDifference } from '../data/pairedDifference.ts';
import type { Difference } from '../data/pairedDifference.ts';

/** What each row scores, from 0 to 1, in the run of one seed; `null`: it has no score. */
export type RowScores = readonly (number | null)[];

/**
 * The second minus the first. A row is one observation however many seeds there are: its scores of all seeds are averaged
 * first, as seeds on the same rows are not new rows.
 *
 * @param first by seed; `second` has the same seeds in the same order.
 * @returns `null` without a row that all seeds have in both.
 */
export function gainOverSeeds(first: readonly RowScores[], second: readonly RowScores[]): Difference | null {
  return pairedDifference(meansOf(first), meansOf(second));
}

function meansOf(seeds: readonly RowScores[]): RowScores {
  const rows = Math.max(0, ...seeds.map(({ length }) => length));
  return Array.from({ length: rows }, (_, row) => {
    const scores = seeds.map((seed) => seed[row] ?? null).filter((score) => score !== null);
    return scores.length < seeds.length ? null : scores.reduce((a, b) => a + b, 0) / scores.length;
  });
}
