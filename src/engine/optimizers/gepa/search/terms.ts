/** What a search is given, what it asks of its task, and what an iteration of it did. */
import type { Merge } from './merge.ts';
import type { ReadProposal } from '../../../proposer/readProposal.ts';
import type { SharedRows } from './sharedRows.ts';
import type { Member, SearchState } from './state.ts';

export type Texts = Member['texts'];

export interface Batch {
  readonly of: 'train' | 'validation';
  /** Places of rows; a row may occur twice. */
  readonly rows: readonly number[];
}

/** How a candidate did on a row. */
export interface Outcome<Trajectory> {
  readonly score: number;
  /** What the proposer learns of it. */
  readonly trajectory: Trajectory;
}

export interface Proposal<Trajectory> {
  readonly component: string;
  readonly texts: Texts;
  readonly outcomes: readonly Outcome<Trajectory>[];
}

/** What an evaluation is for. Parents are places in the pool. */
export type Purpose =
  /** A parent on its minibatch, for the component whose turn it is. */
  | { readonly kind: 'parent'; readonly member: number; readonly component: string }
  /** A child on the minibatch of its parent; one of a merge on a few validation rows. */
  | ({ readonly kind: 'child' } & Descent)
  /**
   * The first program, or a child that was better, on all validation rows. `place` is the one it will have in the pool.
   * Where no iteration follows, a child matters only as the winner: `last` is what the sum of its scores has to exceed
   * for that, and once it cannot, the task may stop and give the outcomes it has, less than there are rows.
   */
  | ({ readonly kind: 'candidate'; readonly place: number; readonly last: Bound | null } & Descent);

export interface Bound {
  readonly mustExceed: number;
}

/** Where a candidate comes from; the first program has no parents. */
export interface Descent {
  readonly parents: readonly number[];
  /** The component that is new in it; null where none was rewritten. */
  readonly component: string | null;
}

/** What a search works on. */
export interface SearchTask<Trajectory> {
  /**
   * One outcome a row, in the order of the rows. It is given all rows at once, so it can run them side by side.
   * Fewer only where `purpose` allows it.
   */
  evaluate(texts: Texts, batch: Batch, purpose: Purpose): Promise<readonly Outcome<Trajectory>[]>;
  /** A new text for the component, or why there is none. */
  propose(proposal: Proposal<Trajectory>): Promise<ReadProposal>;
}

export type Refusal = Extract<ReadProposal, { readonly kind: 'refused' }>['reason'];

export interface SearchSetup {
  /** The text of each component, in the order in which they are changed. At least one. */
  readonly texts: Texts;
  /** Numbers of rows, each at least 1. */
  readonly rows: { readonly train: number; readonly validation: number };
  /** Rows that a parent and its child are compared on. */
  readonly minibatch: number;
  /** A score that leaves nothing to learn: a minibatch on which all have it is passed over. Null: none is. */
  readonly perfectScore: number | null;
  /** Program runs that are scored, at most: an iteration is begun only where the most it can take still fits. */
  readonly metricCalls: number;
  /** As gepa has it: an iteration is begun while fewer runs than `metricCalls` were made, and may go beyond them. */
  readonly overshoot: boolean;
  /** Whether candidates are merged, and how many merged ones join the pool at most. */
  readonly merge: { readonly atMost: number } | null;
  /** The rows to learn from are the validation rows; null: they are apart. */
  readonly sharedRows: SharedRows | null;
  readonly seed: number;
}

/** What an iteration did. */
export type Iteration = Rewriting | Merging;

/** A component was, or was not, rewritten. Rows are of the training set. */
export type Rewriting = {
  readonly kind: 'rewrite';
  readonly parent: number;
  readonly rows: readonly number[];
  readonly parentScores: readonly number[];
} & (
  | { readonly end: 'perfect' }
  | { readonly end: 'refused'; readonly component: string; readonly reason: Refusal }
  | { readonly end: ChildEnd; readonly component: string; readonly childScores: readonly number[] }
);

/** Two candidates were merged. Rows are of the validation set. */
export interface Merging extends Pick<Merge, 'parents' | 'ancestor'> {
  readonly kind: 'merge';
  readonly end: ChildEnd;
  readonly rows: readonly number[];
  /** Those of each parent. */
  readonly parentScores: readonly (readonly number[])[];
  readonly childScores: readonly number[];
}

/** Stopped: it was good enough to join the pool, but could not become the winner any more. */
export type ChildEnd = 'rejected' | 'accepted' | 'stopped';

/** An iteration, and the state after it. */
export interface Advance {
  readonly state: SearchState;
  readonly iteration: Iteration;
}
