import { describe, expect, it } from 'vitest';
import type { TraceCall } from '../../../../src/data/trace.ts';
import { best, tell } from '../../../../src/engine/optimizers/grpo/candidates.ts';
import { drawsOf } from '../../../../src/engine/optimizers/grpo/draws.ts';
import { differs, groupsOf, rewardedCalls } from '../../../../src/engine/optimizers/grpo/groups.ts';
import type { Group, Rollout } from '../../../../src/engine/optimizers/grpo/groups.ts';
import { PythonRandom } from '../../../../src/engine/pythonRandom.ts';
import { examples } from '../fakes.ts';

/** `a:x` is a call of predictor a that answered x; `a:` one whose answer was unreadable. */
function rollout(reward: number, ...calls: readonly string[]): Rollout {
  const trace = calls.map((call): TraceCall => {
    const [predictor, answer] = call.split(':') as [string, string];
    const outputs = answer === '' ? null : { answer };
    return { predictor, inputs: { question: 'q' }, outputs, lm: [], path: [], start: 0, seconds: 0 };
  });
  return { reward, trace };
}

const shown = ({ predictor, place, members }: Group) => [
  `${predictor} ${place}`,
  members.map(({ call, reward }) => `${String(call.outputs?.['answer'] ?? '-')} ${reward}`),
];
const grouped = (rollouts: readonly Rollout[], fill: 'random' | 'last' | 'none', names = ['a', 'b']) =>
  groupsOf(rollouts, names, fill, new PythonRandom(0)).map(shown);

describe('groups of the rollouts of one example', () => {
  it('are, by predictor, the calls of the same place, each with the score of its whole rollout', () => {
    const rollouts = [rollout(1, 'a:x', 'b:u', 'a:y'), rollout(0.5, 'a:z', 'b:v', 'a:w')];
    expect(grouped(rollouts, 'random')).toEqual([
      ['a 0', ['x 1', 'z 0.5']],
      ['a 1', ['y 1', 'w 0.5']],
      ['b 0', ['u 1', 'v 0.5']],
    ]);
  });

  it('are of the predictors that are trained alone', () => {
    const rollouts = [rollout(1, 'a:x', 'judge:u'), rollout(0, 'a:z', 'judge:v')];
    expect(grouped(rollouts, 'random', ['a'])).toEqual([['a 0', ['x 1', 'z 0']]]);
    expect(grouped(rollouts, 'random', ['b'])).toEqual([]);
  });

  it('are filled up from the same rollout where it called the predictor less often', () => {
    const rollouts = [rollout(1, 'a:x', 'a:y', 'a:z'), rollout(0, 'a:u', 'a:v'), rollout(0.5)];
    expect(grouped(rollouts, 'none')).toEqual([
      ['a 0', ['x 1', 'u 0']],
      ['a 1', ['y 1', 'v 0']],
      ['a 2', ['z 1']],
    ]);
    expect(grouped(rollouts, 'last')[2]).toEqual(['a 2', ['z 1', 'v 0']]);
    const many = Array.from({ length: 20 }, (_, seed) =>
      groupsOf(rollouts, ['a'], 'random', new PythonRandom(seed)).map(shown),
    );
    const drawn = new Set(many.map((groups) => groups[2]![1]![1]));
    expect([...drawn].sort()).toEqual(['u 0', 'v 0']);
    expect(grouped(rollouts, 'random')).toEqual(grouped(rollouts, 'random'));
  });

  it('are never filled up with an unreadable answer', () => {
    const rollouts = [rollout(1, 'a:x', 'a:y'), rollout(0, 'a:'), rollout(0.5, 'a:u')];
    expect(grouped(rollouts, 'random')).toEqual([
      ['a 0', ['x 1', '- 0', 'u 0.5']],
      ['a 1', ['y 1', 'u 0.5']],
    ]);
  });

  it('teach where rewards differ', () => {
    const [group] = groupsOf([rollout(1, 'a:x'), rollout(1, 'a:y')], ['a'], 'random', new PythonRandom(0));
    expect(differs(group!)).toBe(false);
    const [alone] = groupsOf([rollout(1, 'a:x'), rollout(0)], ['a'], 'random', new PythonRandom(0));
    expect(differs(alone!)).toBe(false);
    const [other] = groupsOf([rollout(1, 'a:x'), rollout(0, 'a:y')], ['a'], 'random', new PythonRandom(0));
    expect(differs(other!)).toBe(true);
  });
});

describe('advantages', () => {
  const advantages = (...rollouts: readonly Rollout[]) =>
    rewardedCalls(groupsOf(rollouts, ['a'], 'random', new PythonRandom(0))[0]!).map(({ outputs, advantage }) => [
      outputs['answer'],
      advantage,
    ]);

  it('are the reward minus the mean of the group, not divided by its deviation', () => {
    expect(advantages(rollout(1, 'a:x'), rollout(0, 'a:y'), rollout(0.5, 'a:z'), rollout(0.5, 'a:w'))).toEqual([
      ['x', 0.5],
      ['y', -0.5],
      ['z', 0],
      ['w', 0],
    ]);
  });

  it('count an unreadable answer in the mean, and make no row of it', () => {
    expect(advantages(rollout(1, 'a:x'), rollout(0, 'a:'), rollout(0, 'a:'), rollout(0, 'a:y'))).toEqual([
      ['x', 0.75],
      ['y', -0.25],
    ]);
  });
});

describe('the examples of updates', () => {
  it('are all of them once an epoch, in another order each time, and the same for a seed', () => {
    const rows = examples(5);
    const draws = drawsOf(rows, { updates: 5, examplesPerUpdate: 3 }, 1);
    expect(draws.map(({ length }) => length)).toEqual([3, 3, 3, 3, 3]);
    const all = draws.flat();
    const ids = [0, 1, 2].map((epoch) => all.filter((one) => one.epoch === epoch).map(({ example }) => example.id));
    for (const epoch of ids) expect([...epoch].sort()).toEqual([0, 1, 2, 3, 4]);
    expect(ids[1]).not.toEqual(ids[0]);
    expect(drawsOf(rows, { updates: 5, examplesPerUpdate: 3 }, 1)).toEqual(draws);
    expect(drawsOf(rows, { updates: 5, examplesPerUpdate: 3 }, 2)).not.toEqual(draws);
  });
});

describe('the weights that are chosen', () => {
  const tried = (...scores: readonly number[]) => {
    const all = scores.map((score, candidate) => ({ candidate, score, state: { predictors: {} } }));
    return best(all as [(typeof all)[0], ...typeof all]).candidate;
  };

  it('are the best on dev; the later of equals, but no trained ones that are not better than the start', () => {
    expect(tried(50, 60, 70, 65)).toBe(2);
    expect(tried(50, 60, 70, 70, 60)).toBe(3);
    expect(tried(50, 40, 50)).toBe(0);
    expect(tried(50)).toBe(0);
  });

  it('are told by their update', () => {
    expect(tell({ update: 10 })).toMatchObject({ name: 'weights after update 10' });
    expect(tell({ update: 0 })).toMatchObject({ name: 'the weights at the start' });
  });
});
