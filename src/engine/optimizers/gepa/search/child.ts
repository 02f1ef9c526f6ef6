/** A child is scored where its parents were, and if it is good enough there, on all validation rows. */
import { boundOfLast } from './cap.ts';
import { sum } from './front.ts';
import { joined } from './state.ts';
import type { Member, SearchState } from './state.ts';
import type { Batch, ChildEnd, Descent, Outcome, SearchSetup, SearchTask } from './terms.ts';

/** A child, and where it comes from. */
export type Child = Descent & Pick<Member, 'texts' | 'learnedFrom'>;

export interface Comparison {
  readonly child: Child;
  readonly batch: Batch;
  readonly isGoodEnough: (sumOfChild: number) => boolean;
}

/** Scores a child on a batch, and where it is good enough there, on all validation rows: it joins the pool. */
export async function compare<T>(
  setup: SearchSetup,
  task: SearchTask<T>,
  state: SearchState,
  { child, batch, isGoodEnough }: Comparison,
): Promise<{ readonly state: SearchState; readonly end: ChildEnd; readonly childScores: readonly number[] }> {
  const { texts, parents, component } = child;
  const childScores = scoresOf(
    checked(await task.evaluate(texts, batch, { kind: 'child', parents, component }), batch),
  );
  const tried = counted(state, batch.rows.length);
  if (!isGoodEnough(sum(childScores))) return { state: tried, end: 'rejected', childScores };
  const validated = await validate(setup, task, tried, child);
  return { state: validated, end: validated.stopped ? 'stopped' : 'accepted', childScores };
}

async function validate<T>(
  setup: SearchSetup,
  task: SearchTask<T>,
  state: SearchState,
  { texts, parents, component, learnedFrom }: Child,
): Promise<SearchState> {
  const { pool } = state;
  const batch = validationBatch(setup);
  const last = boundOfLast(setup, state);
  const purpose = { kind: 'candidate', place: pool.length, parents, component, last } as const;
  const outcomes = await task.evaluate(texts, batch, purpose);
  if (last !== null && outcomes.length < batch.rows.length) {
    return { ...counted(state, outcomes.length), stopped: true };
  }
  const scores = scoresOf(checked(outcomes, batch));
  return counted({ ...state, pool: joined(pool, { texts, parents, scores, learnedFrom }) }, scores.length);
}

export function validationBatch({ rows }: SearchSetup): Batch {
  return { of: 'validation', rows: Array.from({ length: rows.validation }, (_, row) => row) };
}

export function scoresOf(outcomes: readonly Outcome<unknown>[]): number[] {
  return outcomes.map(({ score }) => score);
}

/** @throws RangeError where the task gave another number of outcomes than there are rows. */
export function checked<T>(outcomes: readonly Outcome<T>[], { rows }: Batch): readonly Outcome<T>[] {
  if (outcomes.length === rows.length) return outcomes;
  throw new RangeError(`${outcomes.length} outcomes for ${rows.length} rows`);
}

export function counted(state: SearchState, runs: number): SearchState {
  return { ...state, metricCalls: state.metricCalls + runs };
}
