/** What an iteration may take, and whether it still fits the cap of the search. */
import { sum } from './front.ts';
import { mergeRows } from './merge.ts';
import type { SearchState } from './state.ts';
import type { Bound, SearchSetup } from './terms.ts';

/** Whether an iteration may be begun after this many runs. */
export function fits(setup: SearchSetup, metricCalls: number): boolean {
  if (setup.overshoot) return metricCalls < setup.metricCalls;
  return metricCalls + mostOfIteration(setup) <= setup.metricCalls;
}

interface OneIteration extends Pick<SearchSetup, 'minibatch' | 'merge'> {
  readonly rows: Pick<SearchSetup['rows'], 'validation'>;
}

/** The most program runs that one iteration takes: those that a child is compared by, and its validation. */
export function mostOfIteration({ minibatch, rows, merge }: OneIteration): number {
  return Math.max(2 * minibatch, merge === null ? 0 : mergeRows) + rows.validation;
}

/**
 * What a child has to exceed to be the winner, where no iteration can follow its validation; null where one can, and
 * with shared rows, which do not all count alike.
 */
export function boundOfLast(setup: SearchSetup, { pool, metricCalls }: SearchState): Bound | null {
  if (setup.overshoot || setup.sharedRows !== null || fits(setup, metricCalls + setup.rows.validation)) return null;
  return { mustExceed: Math.max(...pool.map(({ scores }) => sum(scores))) };
}
