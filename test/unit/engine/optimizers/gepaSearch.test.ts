import { describe, expect, it } from 'vitest';
import { frontsOf, withoutDominated } from '../../../../src/engine/optimizers/gepa/search/front.ts';
import { NumberSet } from '../../../../src/engine/optimizers/gepa/search/numberSet.ts';
import { begin, search } from '../../../../src/engine/optimizers/gepa/search/search.ts';
import type { Iteration } from '../../../../src/engine/optimizers/gepa/search/terms.ts';
import type { SearchState } from '../../../../src/engine/optimizers/gepa/search/state.ts';
import { searchStateSchema } from '../../../../src/engine/optimizers/gepa/search/state.ts';
import { scriptedSetup, scriptedTask } from '../../../fakes/scriptedGepa.ts';

const sizes = { train: 10, validation: 7, components: 2 };

describe("GEPA's search", () => {
  it('goes on from the state after any iteration as if it had not been interrupted', async () => {
    const setup = scriptedSetup(3, sizes);
    const states: SearchState[] = [await begin(setup, scriptedTask(setup))];
    const whole = await search(setup, scriptedTask(setup), { note: (state) => states.push(state) });
    expect(states.length).toBeGreaterThan(10);
    for (const state of states) {
      const from = searchStateSchema.parse(JSON.parse(JSON.stringify(state)));
      expect(await search(setup, scriptedTask(setup), { from })).toEqual(whole);
    }
  });

  it('gives all rows of a minibatch, and all validation rows, at once', async () => {
    const setup = scriptedSetup(1, sizes);
    const task = scriptedTask(setup);
    const { pool, metricCalls } = await search(setup, task);
    const lengths = (of: string) => task.batches.filter((batch) => batch.of === of).map(({ rows }) => rows.length);
    expect(new Set(lengths('train'))).toEqual(new Set([3]));
    expect(lengths('validation')).toEqual(pool.map(() => 7));
    expect(metricCalls).toBe([...lengths('train'), ...lengths('validation')].reduce((a, b) => a + b, 0));
  });

  it('runs no child of a refused proposal, and turns to the next component', async () => {
    const setup = scriptedSetup(0, sizes, { refuses: 256, perfectScore: null });
    const iterations: Iteration[] = [];
    const state = await search(setup, scriptedTask(setup), { note: (_, iteration) => iterations.push(iteration) });
    expect(iterations).toEqual(iterations.map((of) => ({ ...of, end: 'refused', reason: 'empty' })));
    expect(state.metricCalls).toBe(7 + 3 * iterations.length);
    expect(iterations.slice(0, 3)).toMatchObject([
      { component: 'part 0' },
      { component: 'part 1' },
      { component: 'part 0' },
    ]);
  });

  it('never takes more runs than its cap, and begins every iteration whose worst case fits', async () => {
    for (let metricCalls = 7; metricCalls < 120; metricCalls += 3) {
      const setup = scriptedSetup(2, sizes, { metricCalls });
      const state = await search(setup, scriptedTask(setup));
      expect(state.metricCalls).toBeLessThanOrEqual(metricCalls);
      expect(state.metricCalls).toBeGreaterThan(metricCalls - 3 - 3 - 7);
    }
    const setup = scriptedSetup(2, sizes, { metricCalls: 6 });
    await expect(search(setup, scriptedTask(setup))).rejects.toThrow('6 metric calls are too few');
  });

  it('tells the task what each evaluation is for', async () => {
    const setup = scriptedSetup(2, sizes, { overshoot: true });
    const task = scriptedTask(setup);
    const { pool } = await search(setup, task);
    const candidates = task.purposes.filter((purpose) => purpose.kind === 'candidate');
    expect(candidates).toEqual(
      pool.map(({ parents }, place) => ({
        kind: 'candidate',
        place,
        parents,
        last: null,
        component: place === 0 ? null : expect.stringMatching(/^part [01]$/),
      })),
    );
    expect(new Set(task.purposes.map(({ kind }) => kind))).toEqual(new Set(['candidate', 'parent', 'child']));
  });

  it('says when a task gave another number of outcomes than there are rows', async () => {
    const setup = scriptedSetup(0, sizes);
    const task = { ...scriptedTask(setup), evaluate: () => Promise.resolve([{ score: 1, trajectory: 0 }]) };
    await expect(search(setup, task)).rejects.toThrow('1 outcomes for 7 rows');
  });
});

describe('the Pareto front', () => {
  it('keeps ties, and leaves out who is nowhere needed', () => {
    const scores = [
      [1, 0, 1],
      [1, 1, 0],
      [1, 0, 0],
    ];
    const fronts = frontsOf(scores);
    expect(fronts.map((front) => [...front])).toEqual([[0, 1, 2], [1], [0]]);
    expect(withoutDominated(fronts, [2 / 3, 2 / 3, 1 / 3]).map((front) => [...front])).toEqual([[0, 1], [1], [0]]);
  });

  it('walks numbers as Python walks a set of them', () => {
    expect([...NumberSet.of([8, 1])]).toEqual([8, 1]);
    expect([...NumberSet.of([9, 1])]).toEqual([9, 1]);
    const five = NumberSet.of([20, 3, 40, 1, 33]);
    expect([...five]).toEqual([1, 33, 3, 40, 20]);
    expect([...five.copy()]).toEqual([1, 33, 3, 20, 40]);
  });
});
