import { z95 as z } from '../data/normal.ts';
import type { ProgramOutcome } from '../data/trace.ts';
import type { Score } from '../protocol.ts';

/**
 * Mean of `scores` in per cent with two decimals, rounded as Python's `round(100 * sum / n, 2)` does
 * (dspy/evaluate/evaluate.py): half to even on the exact binary value.
 */
export function percent(sum: number, n: number): number {
  return roundHalfEven((100 * sum) / n);
}

/** Python's `round(x, 2)`. `toFixed` rounds the exact binary value too but halves up; exact halves go to even. */
function roundHalfEven(value: number): number {
  const scaled = value * 100;
  const isExactHalf = Number.isInteger(value * 8) && Math.abs(scaled % 1) === 0.5;
  if (!isExactHalf) return Number(value.toFixed(2));
  const floor = Math.floor(scaled);
  return (floor % 2 === 0 ? floor : floor + 1) / 100;
}

/** A metric's value as a share of its range, 0 to 1. */
export function unitScore(value: number, [least, most]: readonly [number, number]): number {
  return least === 0 && most === 1 ? value : (value - least) / (most - least);
}

/** What a program run scored, 0 to 1: one that failed has the least, whatever the metric's range. */
export function outcomeScore(
  { score, error }: Pick<ProgramOutcome, 'score' | 'error'>,
  metricRange: readonly [number, number],
): number {
  return error === undefined ? unitScore(score, metricRange) : 0;
}

/**
 * The score of rows (`unitScore`s, one a row) with a 95 % interval, in per cent. Rows of 0 and 1 get Wilson's interval,
 * others the normal one of the mean.
 */
export function scoreOf(scores: readonly number[], failed: number): Score {
  const n = scores.length;
  const sum = scores.reduce((total, score) => total + score, 0);
  const binary = scores.every((score) => score === 0 || score === 1);
  const [low, high] = binary ? wilson(sum, n) : normal(scores, sum / n);
  return { score: percent(sum, n), low: percent(low, 1), high: percent(high, 1), n, failed };
}

/**
 * The score of rows of which the mean alone is known. No values from 0 to 1 with this mean vary more than rows of 0 and 1
 * do (Bhatia and Davis 2000), so Wilson's interval is no narrower than that of the rows.
 *
 * @param mean of `unitScore`s
 */
export function scoreOfMean(mean: number, n: number, failed: number): Score {
  const sum = Math.min(1, Math.max(0, mean)) * n;
  const [low, high] = n === 0 ? [0, 1] : wilson(sum, n);
  return { score: n === 0 ? 0 : percent(sum, n), low: percent(low, 1), high: percent(high, 1), n, failed };
}

function wilson(successes: number, n: number): readonly [number, number] {
  const p = successes / n;
  const scale = 1 + (z * z) / n;
  const centre = p + (z * z) / (2 * n);
  const spread = z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  return [Math.max(0, (centre - spread) / scale), Math.min(1, (centre + spread) / scale)];
}

function normal(scores: readonly number[], mean: number): readonly [number, number] {
  const variance = scores.reduce((total, score) => total + (score - mean) ** 2, 0) / Math.max(1, scores.length - 1);
  const spread = z * Math.sqrt(variance / scores.length);
  return [Math.max(0, mean - spread), Math.min(1, mean + spread)];
}
