/**
 * GEPA's search (arXiv 2507.19457), decision for decision as gepa 0.1.4 makes it without merges: a parent is drawn from
 * the Pareto front, one of its components is rewritten from what happened on a minibatch, and the child joins the pool
 * if it is better there.
 */
import { DrawnRandom } from './drawnRandom.ts';
import { bestOf, drawParent, sum } from './front.ts';
import { minibatchAt } from './minibatches.ts';
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

/** What a search works on. */
export interface SearchTask<Trajectory> {
  /** One outcome a row, in the order of the rows. It is given all rows at once, so it can run them side by side. */
  evaluate(texts: Texts, batch: Batch): Promise<readonly Outcome<Trajectory>[]>;
  /** A new text for the component; null where none can be used. */
  propose(proposal: Proposal<Trajectory>): Promise<string | null>;
}

export interface SearchSetup {
  /** The text of each component, in the order in which they are changed. At least one. */
  readonly texts: Texts;
  /** Numbers of rows, each at least 1. */
  readonly rows: { readonly train: number; readonly validation: number };
  /** Rows that a parent and its child are compared on. */
  readonly minibatch: number;
  /** A score that leaves nothing to learn: a minibatch on which all have it is passed over. Null: none is. */
  readonly perfectScore: number | null;
  /** The search ends before the iteration that would begin with this many runs made; the last may go beyond it. */
  readonly metricCalls: number;
  readonly seed: number;
}

/** What an iteration did. */
export type Iteration = {
  readonly parent: number;
  readonly rows: readonly number[];
  readonly parentScores: readonly number[];
} & (
  | { readonly end: 'perfect' }
  | { readonly end: 'refused'; readonly component: string }
  | { readonly end: 'rejected' | 'accepted'; readonly component: string; readonly childScores: readonly number[] }
);

/** Scores the first program on the validation rows. */
export async function begin<T>(setup: SearchSetup, task: SearchTask<T>): Promise<SearchState> {
  const scores = await validationScores(setup, task, setup.texts);
  return {
    pool: joined([], { texts: setup.texts, parents: [], scores }),
    iteration: 0,
    metricCalls: scores.length,
    epoch: null,
    draws: [],
  };
}

export function isOver(setup: SearchSetup, state: SearchState): boolean {
  return state.metricCalls >= setup.metricCalls;
}

/** One iteration. The state it is given stays as it is. */
export async function advance<T>(
  setup: SearchSetup,
  task: SearchTask<T>,
  state: SearchState,
): Promise<{ readonly state: SearchState; readonly iteration: Iteration }> {
  const drawn = draw(setup, state);
  const { parent, rows } = drawn;
  const { texts } = state.pool[parent]!;
  const batch: Batch = { of: 'train', rows };
  const outcomes = checked(await task.evaluate(texts, batch), batch);
  const parentScores = outcomes.map(({ score }) => score);
  const seen = counted(drawn.state, rows.length);
  const facts = { parent, rows, parentScores };
  if (isPerfect(parentScores, setup.perfectScore)) return { state: seen, iteration: { ...facts, end: 'perfect' } };

  const { component, pool } = componentOf(setup, seen.pool, parent);
  const turned = { ...seen, pool };
  const text = await task.propose({ component, texts, outcomes });
  if (text === null) return { state: turned, iteration: { ...facts, end: 'refused', component } };

  const child = { ...texts, [component]: text };
  const childScores = checked(await task.evaluate(child, batch), batch).map(({ score }) => score);
  const tried = counted(turned, rows.length);
  const end = sum(childScores) > sum(parentScores) ? 'accepted' : 'rejected';
  const iteration: Iteration = { ...facts, end, component, childScores };
  return { state: end === 'accepted' ? await accepted(setup, task, tried, child, parent) : tried, iteration };
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

function draw(setup: SearchSetup, state: SearchState) {
  const random = new DrawnRandom(setup.seed, state.draws);
  const parent = drawParent(
    state.pool.map(({ scores }) => scores),
    random,
  );
  const sizes = { rows: setup.rows.train, minibatch: setup.minibatch };
  const { rows, epoch } = minibatchAt(state.iteration, state.epoch, sizes, random);
  return { parent, rows, state: { ...state, iteration: state.iteration + 1, epoch, draws: random.draws } };
}

function isPerfect(scores: readonly number[], perfectScore: number | null): boolean {
  return perfectScore !== null && scores.every((score) => score >= perfectScore);
}

/** The component whose turn it is for a parent, and the pool in which the next one's turn has come. */
function componentOf(setup: SearchSetup, pool: readonly Member[], parent: number) {
  const components = Object.keys(setup.texts);
  const { nextComponent } = pool[parent]!;
  const next = (nextComponent + 1) % components.length;
  return { component: components[nextComponent]!, pool: pool.with(parent, { ...pool[parent]!, nextComponent: next }) };
}

async function accepted<T>(
  setup: SearchSetup,
  task: SearchTask<T>,
  state: SearchState,
  texts: Texts,
  parent: number,
): Promise<SearchState> {
  const scores = await validationScores(setup, task, texts);
  return counted({ ...state, pool: joined(state.pool, { texts, parents: [parent], scores }) }, scores.length);
}

async function validationScores<T>(setup: SearchSetup, task: SearchTask<T>, texts: Texts): Promise<number[]> {
  const batch: Batch = { of: 'validation', rows: Array.from({ length: setup.rows.validation }, (_, row) => row) };
  return checked(await task.evaluate(texts, batch), batch).map(({ score }) => score);
}

/** @throws RangeError where the task gave another number of outcomes than there are rows. */
function checked<T>(outcomes: readonly Outcome<T>[], { rows }: Batch): readonly Outcome<T>[] {
  if (outcomes.length === rows.length) return outcomes;
  throw new RangeError(`${outcomes.length} outcomes for ${rows.length} rows`);
}

function counted(state: SearchState, runs: number): SearchState {
  return { ...state, metricCalls: state.metricCalls + runs };
}
