/** An iteration that rewrites a component of a parent from what happened on a minibatch. */
import { checked, compare, counted, scoresOf } from './child.ts';
import type { DrawnRandom } from './drawnRandom.ts';
import { drawParent, sum } from './front.ts';
import { minibatchAt } from './minibatches.ts';
import { learnedFrom } from './sharedRows.ts';
import type { Member, SearchState } from './state.ts';
import type { Advance, Batch, SearchSetup, SearchTask } from './terms.ts';

export async function rewrite<T>(
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
  const child = {
    texts: { ...texts, [component]: proposal.text },
    parents: [parent],
    component,
    learnedFrom: learnedFrom(setup, [state.pool[parent]!], rows),
  };
  const isGoodEnough = (sumOfChild: number): boolean => sumOfChild > sum(parentScores);
  const tried = await compare(setup, task, turned, { child, batch, isGoodEnough });
  const merges = { ...tried.state.merges, due: tried.end === 'accepted' };
  const { end, childScores } = tried;
  return { state: { ...tried.state, merges }, iteration: { ...facts, end, component, childScores } };
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
