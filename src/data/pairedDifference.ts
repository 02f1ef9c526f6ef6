/** How far apart two states are on the same rows. Pure. */

export interface Difference {
  /** Second minus first, in points of per cent, with a 95 % interval. */
  readonly points: number;
  readonly low: number;
  readonly high: number;
  /** Rows that both have a score on. */
  readonly n: number;
}

/** 97.5 % quantile of the normal distribution, as the intervals of scores have it. */
const z95 = 1.959964;

/**
 * Rows are compared with themselves, which says much more than two intervals side by side. Rows of 0 and 1 get Agresti
 * and Min's interval (Statistics in Medicine 2005, 24:729: the Wald interval with half a row more in each cell), which
 * is not empty where no row differs; other scores the normal one of the mean difference.
 *
 * @param first scores from 0 to 1; `null`: none.
 * @returns `null` without a row that both have.
 */
export function pairedDifference(
  first: readonly (number | null)[],
  second: readonly (number | null)[],
): Difference | null {
  const pairs = first.flatMap((a, i) => {
    const b = second[i] ?? null;
    return a === null || b === null ? [] : [[a, b] as const];
  });
  const n = pairs.length;
  if (n === 0) return null;
  const differences = pairs.map(([a, b]) => b - a);
  const mean = sum(differences) / n;
  const binary = pairs.every(([a, b]) => isBinary(a) && isBinary(b));
  const [middle, half] = binary ? agrestiMin(differences) : [mean, normalHalf(differences, mean)];
  const clamped = (value: number): number => Math.max(-100, Math.min(100, 100 * value));
  return { points: 100 * mean, low: clamped(middle - half), high: clamped(middle + half), n };
}

const isBinary = (value: number): boolean => value === 0 || value === 1;
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

function agrestiMin(differences: readonly number[]): readonly [number, number] {
  const n = differences.length + 2;
  const better = differences.filter((each) => each > 0).length + 0.5;
  const worse = differences.filter((each) => each < 0).length + 0.5;
  const half = (z95 * Math.sqrt(better + worse - (better - worse) ** 2 / n)) / n;
  return [(better - worse) / n, half];
}

function normalHalf(differences: readonly number[], mean: number): number {
  const n = differences.length;
  if (n < 2) return 2;
  const variance = sum(differences.map((each) => (each - mean) ** 2)) / (n - 1);
  return z95 * Math.sqrt(variance / n);
}
