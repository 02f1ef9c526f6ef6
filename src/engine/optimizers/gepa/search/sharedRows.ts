/**
 * Few rows: they are learned from and chosen on alike. What a candidate gains on rows that its proposer was shown says
 * less than what it gains on others, because an instruction can hold what was right there and nothing else.
 */
import { sum } from './front.ts';
import type { Member } from './state.ts';

/** Of each row the place of the first one that asks the same. */
export type SharedRows = readonly number[];

/**
 * What a row counts that a candidate, or an ancestor of it, learned from; others count 1. Between choosing by all rows alike, as
 * dspy.GEPA does without a `valset`, and by the other rows alone: `npm run bench -- sharedRows` compares the three.
 */
const shownCounts = 0.25;

/** What a candidate learned from: what its parents did, and `rows`. */
export function learnedFrom(
  { sharedRows }: { readonly sharedRows: SharedRows | null },
  parents: readonly Member[],
  rows: readonly number[],
): readonly number[] {
  if (sharedRows === null) return [];
  const before = parents.flatMap((parent) => parent.learnedFrom);
  return [...new Set([...before, ...rows.map((row) => sharedRows[row]!)])].sort((a, b) => a - b);
}

/** The first of those that gain most over the first program. */
export function winnerOnSharedRows(pool: readonly Member[], shared: SharedRows, shown = shownCounts): number {
  const gains = pool.map((member) => {
    const weights = shared.map((question) => (member.learnedFrom.includes(question) ? shown : 1));
    const gained = weights.map((weight, row) => weight * (member.scores[row]! - pool[0]!.scores[row]!));
    return sum(gained) / sum(weights);
  });
  return gains.indexOf(Math.max(...gains));
}
