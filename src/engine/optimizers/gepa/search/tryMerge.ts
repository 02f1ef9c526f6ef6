/** An iteration that merges two candidates, and compares the child with them on a few validation rows. */
import { compare } from './child.ts';
import type { DrawnRandom } from './drawnRandom.ts';
import { sum } from './front.ts';
import { drawMergeRows, mergedTexts } from './merge.ts';
import type { Merge } from './merge.ts';
import { learnedFrom } from './sharedRows.ts';
import type { SearchState } from './state.ts';
import type { Advance, Batch, SearchSetup, SearchTask } from './terms.ts';

export async function tryMerge<T>(
  setup: SearchSetup,
  task: SearchTask<T>,
  begun: SearchState,
  merge: Merge,
  random: DrawnRandom,
): Promise<Advance> {
  const { parents, ancestor } = merge;
  const scores = parents.map((parent) => begun.pool[parent]!.scores);
  const rows = drawMergeRows(scores, random);
  const parentScores = scores.map((ofParent) => rows.map((row) => ofParent[row]!));
  const least = Math.max(...parentScores.map(sum));

  const merges = { ...begun.merges, tried: [...begun.merges.tried, merge] };
  const state = { ...begun, draws: random.draws, merges };
  const learned = learnedFrom(
    setup,
    parents.map((parent) => state.pool[parent]!),
    [],
  );
  const child = { texts: mergedTexts(state.pool, merge), parents, component: null, learnedFrom: learned };
  const batch: Batch = { of: 'validation', rows };
  const isGoodEnough = (sumOfChild: number): boolean => sumOfChild >= least;
  const tried = await compare(setup, task, state, { child, batch, isGoodEnough });
  const { end, childScores } = tried;
  const accepted = merges.accepted + (end === 'accepted' ? 1 : 0);
  return {
    state: { ...tried.state, merges: { ...merges, accepted } },
    iteration: { kind: 'merge', end, parents, ancestor, rows, parentScores, childScores },
  };
}
