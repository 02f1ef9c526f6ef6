/**
 * GEPA's search (arXiv 2507.19457), decision for decision as gepa 0.1.4 makes it without merges: a parent is drawn from
 * the Pareto front, one of its components is rewritten from what happened on a minibatch, and the child joins the pool
 * if it is better there.
 */
import { DrawnRandom } from './drawnRandom.ts';
import { bestOf, drawParent, sum } from './front.ts';
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
  /** A child on the minibatch of its parent. */
  | ({ readonly kind: 'child' } & Descent)
  /** The first program, or a child that was better, on all validation rows. */
  | ({ readonly kind: 'candidate'; readonly place: number } & Descent);

/** Where a candidate comes from; the first program has no parents. */
interface Descent {
  readonly parents: readonly number[];
  /** The component that is new in it; null where none was rewritten. */
  readonly component: string | null;
}

/** What a search works on. */
export interface SearchTask<Trajectory> {
  /** One outcome a row, in the order of the rows. It is given all rows at once, so it can run them side by side. */
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
  readonly seed: number;
}

/** What an iteration did. */
export type Iteration = {
  readonly parent: number;
  readonly rows: readonly number[];
  readonly parentScores: readonly number[];
} & (
  | { readonly end: 'perfect' }
  | { readonly end: 'refused'; readonly component: string; readonly reason: Refusal }
  | { readonly end: 'rejected' | 'accepted'; readonly component: string; readonly childScores: readonly number[] }
);

/**
 * Scores the first program on the validation rows.
 * @throws RangeError where the cap is below their number.
 */
export async function begin<T>(setup: SearchSetup, task: SearchTask<T>): Promise<SearchState> {
  const { texts, rows, metricCalls, overshoot } = setup;
  if (!overshoot && metricCalls < rows.validation) {
    throw new RangeError(`${metricCalls} metric calls are too few to score ${rows.validation} validation rows`);
  }
  const scores = await validationScores(setup, task, texts, { place: 0, parents: [], component: null });
  return {
    pool: joined([], { texts, parents: [], scores }),
    iteration: 0,
    metricCalls: scores.length,
    epoch: null,
    draws: [],
  };
}

/** Whether no iteration can be begun any more. */
export function isOver(setup: SearchSetup, { metricCalls }: Pick<SearchState, 'metricCalls'>): boolean {
  if (setup.overshoot) return metricCalls >= setup.metricCalls;
  return metricCalls + mostOfIteration(setup) > setup.metricCalls;
}

interface OneIteration extends Pick<SearchSetup, 'minibatch'> {
  readonly rows: Pick<SearchSetup['rows'], 'validation'>;
}

/** The most program runs that one iteration takes: parent and child on the minibatch, and the child's validation. */
export function mostOfIteration({ minibatch, rows }: OneIteration): number {
  return 2 * minibatch + rows.validation;
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
  const component = componentOf(setup, state.pool[parent]!);
  const outcomes = checked(await task.evaluate(texts, batch, { kind: 'parent', member: parent, component }), batch);
  const parentScores = outcomes.map(({ score }) => score);
  const seen = counted(drawn.state, rows.length);
  const facts = { parent, rows, parentScores };
  if (isPerfect(parentScores, setup.perfectScore)) return { state: seen, iteration: { ...facts, end: 'perfect' } };

  const turned = { ...seen, pool: turnedOn(setup, seen.pool, parent) };
  const proposal = await task.propose({ component, texts, outcomes });
  if (proposal.kind === 'refused') {
    return { state: turned, iteration: { ...facts, end: 'refused', component, reason: proposal.reason } };
  }
  const child = { ...texts, [component]: proposal.text };
  const descent = { parents: [parent], component };
  const childOutcomes = checked(await task.evaluate(child, batch, { kind: 'child', ...descent }), batch);
  const childScores = childOutcomes.map(({ score }) => score);
  const tried = counted(turned, rows.length);
  const end = sum(childScores) > sum(parentScores) ? 'accepted' : 'rejected';
  const iteration: Iteration = { ...facts, end, component, childScores };
  return { state: end === 'accepted' ? await accepted(setup, task, tried, child, descent) : tried, iteration };
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

async function accepted<T>(
  setup: SearchSetup,
  task: SearchTask<T>,
  state: SearchState,
  texts: Texts,
  descent: Descent,
): Promise<SearchState> {
  const { parents } = descent;
  const scores = await validationScores(setup, task, texts, { place: state.pool.length, ...descent });
  return counted({ ...state, pool: joined(state.pool, { texts, parents, scores }) }, scores.length);
}

async function validationScores<T>(
  setup: SearchSetup,
  task: SearchTask<T>,
  texts: Texts,
  candidate: Descent & { readonly place: number },
): Promise<number[]> {
  const batch: Batch = { of: 'validation', rows: Array.from({ length: setup.rows.validation }, (_, row) => row) };
  const outcomes = await task.evaluate(texts, batch, { kind: 'candidate', ...candidate });
  return checked(outcomes, batch).map(({ score }) => score);
}

/** @throws RangeError where the task gave another number of outcomes than there are rows. */
function checked<T>(outcomes: readonly Outcome<T>[], { rows }: Batch): readonly Outcome<T>[] {
  if (outcomes.length === rows.length) return outcomes;
  throw new RangeError(`${outcomes.length} outcomes for ${rows.length} rows`);
}

function counted(state: SearchState, runs: number): SearchState {
  return { ...state, metricCalls: state.metricCalls + runs };
}
