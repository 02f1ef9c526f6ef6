/**
 * Few rows: they are learned from and chosen on alike, cut into folds. A minibatch is of one fold; the folds that a
 * candidate and its ancestors learned from say nothing of it when the best is chosen, so one is always left.
 */
import type { DrawnRandom } from './drawnRandom.ts';
import { mean } from './front.ts';
import { minibatchAt } from './minibatches.ts';
import type { Member, SearchState } from './state.ts';

/** Of each fold the places of its rows, at least one; there are at least two. */
export type Folds = readonly (readonly number[])[];

/** A minibatch of one fold, and the folds that a child learned from which is made from it. */
export interface FoldMinibatch {
  readonly rows: readonly number[];
  readonly learnedFrom: readonly number[];
  readonly state: SearchState;
}

/** The folds take turns; a candidate that learned from all but one learns from those again. */
export function minibatchOfFold(
  folds: Folds,
  minibatch: number,
  { state, parent }: { readonly state: SearchState; readonly parent: Member },
  random: DrawnRandom,
): FoldMinibatch {
  const { learnedFrom } = parent;
  const open = learnedFrom.length < folds.length - 1 ? [...folds.keys()] : learnedFrom;
  const fold = open[state.iteration % open.length]!;
  const { taken, epoch } = state.folds[fold] ?? { taken: 0, epoch: null };
  const places = folds[fold]!;
  const next = minibatchAt(taken, epoch, { rows: places.length, minibatch }, random);
  return {
    rows: next.rows.map((place) => places[place]!),
    learnedFrom: [...new Set([...learnedFrom, fold])].sort((a, b) => a - b),
    state: { ...state, folds: { ...state.folds, [fold]: { taken: taken + 1, epoch: next.epoch } } },
  };
}

/**
 * The first of those that are most better than the first program on the rows that neither they nor their ancestors
 * learned from: candidates are compared with it, because they are not all scored on the same rows.
 */
export function winnerByFolds(pool: readonly Member[], folds: Folds): number {
  const gains = pool.map(({ scores, learnedFrom }) => {
    const unseen = folds.flatMap((rows, fold) => (learnedFrom.includes(fold) ? [] : rows));
    return mean(unseen.map((row) => scores[row]! - pool[0]!.scores[row]!));
  });
  return gains.indexOf(Math.max(...gains));
}
