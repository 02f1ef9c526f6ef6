/**
 * GEPA's search (arXiv 2507.19457), decision for decision as gepa 0.1.4 makes it: a parent is drawn from the Pareto
 * front, one of its components is rewritten from what happened on a minibatch, and the child joins the pool if it is
 * better there. Where merges are asked for, one is tried after each child that joined.
 */
import { fits } from './cap.ts';
import { checked, scoresOf, validationBatch } from './child.ts';
import { DrawnRandom } from './drawnRandom.ts';
import { bestOf } from './front.ts';
import { drawMerge } from './merge.ts';
import { rewrite } from './rewrite.ts';
import { winnerOnSharedRows } from './sharedRows.ts';
import { joined } from './state.ts';
import type { SearchState } from './state.ts';
import type { Advance, Iteration, SearchSetup, SearchTask } from './terms.ts';
import { tryMerge } from './tryMerge.ts';

/**
 * Scores the first program on the validation rows.
 * @throws RangeError where the cap is below their number.
 */
export async function begin<T>(setup: SearchSetup, task: SearchTask<T>): Promise<SearchState> {
  const { texts, rows, metricCalls, overshoot } = setup;
  if (!overshoot && metricCalls < rows.validation) {
    throw new RangeError(`${metricCalls} metric calls are too few to score ${rows.validation} validation rows`);
  }
  const purpose = { kind: 'candidate', place: 0, parents: [], component: null, last: null } as const;
  const batch = validationBatch(setup);
  const scores = scoresOf(checked(await task.evaluate(texts, batch, purpose), batch));
  return {
    pool: joined([], { texts, parents: [], scores, learnedFrom: [] }),
    iteration: 0,
    metricCalls: scores.length,
    epoch: null,
    draws: [],
    merges: { due: false, accepted: 0, tried: [] },
    stopped: false,
  };
}

/** Whether no iteration can be begun any more. */
export function isOver(setup: SearchSetup, { metricCalls, stopped }: SearchState): boolean {
  return stopped || !fits(setup, metricCalls);
}

/** One iteration. The state it is given stays as it is. */
export async function advance<T>(setup: SearchSetup, task: SearchTask<T>, state: SearchState): Promise<Advance> {
  const random = new DrawnRandom(setup.seed, state.draws);
  const { pool, merges, iteration } = state;
  const isDue = merges.due && setup.merge !== null && merges.accepted < setup.merge.atMost;
  const merge = isDue ? drawMerge(pool, merges.tried, random) : null;
  const begun = { ...state, merges: { ...merges, due: false } };
  const advanced =
    merge === null ? await rewrite(setup, task, begun, random) : await tryMerge(setup, task, begun, merge, random);
  return { ...advanced, state: { ...advanced.state, iteration: iteration + 1 } };
}

/** The winner's place in the pool: where rows are apart the first of those with the highest mean on the validation rows. */
export function winner({ sharedRows }: Pick<SearchSetup, 'sharedRows'>, { pool }: SearchState): number {
  return sharedRows === null ? bestOf(pool.map(({ scores }) => scores)) : winnerOnSharedRows(pool, sharedRows);
}

/** Iterations until the runs are used up, from the beginning or from a state of before. */
export async function search<T>(
  setup: SearchSetup,
  task: SearchTask<T>,
  { from, note }: { readonly from?: SearchState; note?(state: SearchState, iteration: Iteration): void } = {},
): Promise<SearchState> {
  let state = from ?? (await begin(setup, task));
  while (!isOver(setup, state)) {
    const next = await advance(setup, task, state);
    state = next.state;
    note?.(state, next.iteration);
  }
  return state;
}
