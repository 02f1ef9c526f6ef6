/**
 * GEPA's search (arXiv 2507.19457), decision for decision as gepa 0.1.4 makes it: a parent is drawn from the Pareto
 * front, one of its components is rewritten from what happened on a minibatch, and the child joins the pool if it is
 * better there. Where merges are asked for, one is tried after each child that joined.
 */
import { DrawnRandom } from './drawnRandom.ts';
import { bestOf, drawParent, sum } from './front.ts';
import { drawMerge, drawMergeRows, mergedTexts, mergeRows } from './merge.ts';
import type { Merge } from './merge.ts';
import { minibatchAt } from './minibatches.ts';
import type { ReadProposal } from './readProposal.ts';
import { joined } from './state.ts';
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

interface Bound {
  readonly mustExceed: number;
}

/** Where a candidate comes from; the first program has no parents. */
interface Descent {
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
type ChildEnd = 'rejected' | 'accepted' | 'stopped';

interface Advance {
  readonly state: SearchState;
  readonly iteration: Iteration;
}

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
    pool: joined([], { texts, parents: [], scores }),
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

/** Whether an iteration may be begun after this many runs. */
function fits(setup: SearchSetup, metricCalls: number): boolean {
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

async function rewrite<T>(
  setup: SearchSetup,
  task: SearchTask<T>,
  begun: SearchState,
  random: DrawnRandom,
): Promise<Advance> {
  const { parent, rows, state } = draw(setup, begun, random);
  const { texts } = state.pool[parent]!;
  const batch: Batch = { of: 'train', rows };
  const component = componentOf(setup, state.pool[parent]!);
  const outcomes = checked(await task.evaluate(texts, batch, { kind: 'parent', member: parent, component }), batch);
  const parentScores = scoresOf(outcomes);
  const seen = counted(state, rows.length);
  const facts = { kind: 'rewrite', parent, rows, parentScores } as const;
  if (isPerfect(parentScores, setup.perfectScore)) return { state: seen, iteration: { ...facts, end: 'perfect' } };

  const turned = { ...seen, pool: turnedOn(setup, seen.pool, parent) };
  const proposal = await task.propose({ component, texts, outcomes });
  if (proposal.kind === 'refused') {
    return { state: turned, iteration: { ...facts, end: 'refused', component, reason: proposal.reason } };
  }
  const child = { texts: { ...texts, [component]: proposal.text }, parents: [parent], component };
  const tried = await compare(setup, task, turned, child, batch, (sumOfChild) => sumOfChild > sum(parentScores));
  const merges = { ...tried.state.merges, due: tried.end === 'accepted' };
  const { end, childScores } = tried;
  return { state: { ...tried.state, merges }, iteration: { ...facts, end, component, childScores } };
}

async function tryMerge<T>(
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
  const child = { texts: mergedTexts(state.pool, merge), parents, component: null };
  const batch: Batch = { of: 'validation', rows };
  const tried = await compare(setup, task, state, child, batch, (sumOfChild) => sumOfChild >= least);
  const { end, childScores } = tried;
  const accepted = merges.accepted + (end === 'accepted' ? 1 : 0);
  return {
    state: { ...tried.state, merges: { ...merges, accepted } },
    iteration: { kind: 'merge', end, parents, ancestor, rows, parentScores, childScores },
  };
}

/** The winner's place in the pool: the first of those with the highest mean on the validation rows. */
export function winner(state: SearchState): number {
  return bestOf(state.pool.map(({ scores }) => scores));
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

/** A child, and where it comes from. */
type Child = Descent & { readonly texts: Texts };

/** Scores a child on a batch, and where it is good enough there, on all validation rows: it joins the pool. */
async function compare<T>(
  setup: SearchSetup,
  task: SearchTask<T>,
  state: SearchState,
  child: Child,
  batch: Batch,
  isGoodEnough: (sumOfChild: number) => boolean,
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
  { texts, parents, component }: Child,
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
  return counted({ ...state, pool: joined(pool, { texts, parents, scores }) }, scores.length);
}

/** What a child has to exceed to be the winner, where no iteration can follow its validation; null where one can. */
function boundOfLast(setup: SearchSetup, { pool, metricCalls }: SearchState): Bound | null {
  if (setup.overshoot || fits(setup, metricCalls + setup.rows.validation)) return null;
  return { mustExceed: Math.max(...pool.map(({ scores }) => sum(scores))) };
}

function draw(setup: SearchSetup, state: SearchState, random: DrawnRandom) {
  const parent = drawParent(
    state.pool.map(({ scores }) => scores),
    random,
  );
  const sizes = { rows: setup.rows.train, minibatch: setup.minibatch };
  const { rows, epoch } = minibatchAt(state.iteration, state.epoch, sizes, random);
  return { parent, rows, state: { ...state, epoch, draws: random.draws } };
}

function isPerfect(scores: readonly number[], perfectScore: number | null): boolean {
  return perfectScore !== null && scores.every((score) => score >= perfectScore);
}

/** The component of a parent whose turn it is. */
function componentOf(setup: SearchSetup, { nextComponent }: Member): string {
  return Object.keys(setup.texts)[nextComponent]!;
}

/** The pool in which the turn of the parent's next component has come. */
function turnedOn(setup: SearchSetup, pool: readonly Member[], parent: number): readonly Member[] {
  const member = pool[parent]!;
  const nextComponent = (member.nextComponent + 1) % Object.keys(setup.texts).length;
  return pool.with(parent, { ...member, nextComponent });
}

function validationBatch({ rows }: SearchSetup): Batch {
  return { of: 'validation', rows: Array.from({ length: rows.validation }, (_, row) => row) };
}

function scoresOf(outcomes: readonly Outcome<unknown>[]): number[] {
  return outcomes.map(({ score }) => score);
}

/** @throws RangeError where the task gave another number of outcomes than there are rows. */
function checked<T>(outcomes: readonly Outcome<T>[], { rows }: Batch): readonly Outcome<T>[] {
  if (outcomes.length === rows.length) return outcomes;
  throw new RangeError(`${outcomes.length} outcomes for ${rows.length} rows`);
}

function counted(state: SearchState, runs: number): SearchState {
  return { ...state, metricCalls: state.metricCalls + runs };
}
