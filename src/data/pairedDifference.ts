/** How far apart two states are on the same rows. Pure. */
import { z95 } from './normal.ts';

export interface Difference {
  /** Second minus first, in points of per cent, with a 95 % interval. */
  readonly points: number;
  readonly low: number;
  readonly high: number;
  /** Rows that both have a score on, and those of them that score otherwise in the second. */
  readonly n: number;
  readonly differing: number;
}

/**
 * Rows are compared with themselves, which says much more than two intervals side by side.
 *
 * @param first scores from 0 to 1; `null`: none.
 * @returns `null` without a row that both have.
 */
export function pairedDifference(
  first: readonly (number | null)[],
  second: readonly (number | null)[],
): Difference | null {
  const differences = first.flatMap((a, i) => {
    const b = second[i] ?? null;
    return a === null || b === null ? [] : [b - a];
  });
  const n = differences.length;
  if (n === 0) return null;
  const sum = differences.reduce((total, each) => total + each, 0);
  const squares = differences.reduce((total, each) => total + each ** 2, 0);
  const differing = differences.filter((each) => each !== 0).length;
  return { points: (100 * sum) / n, ...intervalOf({ sum, squares, n }), n, differing };
}

/**
 * The interval of a mean difference, in points: that of Agresti and Min (Statistics in Medicine 2005, 24:729: Wald's, with
 * half a row more that is won, half a row that is lost and one that is tied), written for scores between 0 and 1 too. The rows
 * that are added differ by all that a row can, so a few rows with gains that happen to be alike do not look like certainty.
 */
export function intervalOf({
  sum,
  squares,
  n,
}: {
  readonly sum: number;
  readonly squares: number;
  readonly n: number;
}): {
  readonly low: number;
  readonly high: number;
} {
  const rows = n + 2;
  const mean = sum / rows;
  const half = z95 * Math.sqrt(((squares + 1) / rows - mean ** 2) / rows);
  const clamped = (value: number): number => Math.max(-100, Math.min(100, 100 * value));
  return { low: clamped(mean - half), high: clamped(mean + half) };
}
