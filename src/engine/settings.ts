import type { Step } from './optimizer.ts';

/** What a run is asked to do. */
export interface OptimizeSettings {
  readonly strategy: readonly Step[];
  readonly seed: number;
  /** A trace is correct when its score is at least this. */
  readonly threshold: number;
  /** Least and greatest value of the metric. */
  readonly metricRange: readonly [number, number];
  /** The base model's served name. */
  readonly model: string;
}

/** The names of a strategy's steps, in order. */
export function namesOf(strategy: readonly Step[]): readonly string[] {
  return strategy.map(({ name }) => name);
}
