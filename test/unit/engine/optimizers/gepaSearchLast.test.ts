import { describe, expect, it } from 'vitest';
import { isOver, search, winner } from '../../../../src/engine/optimizers/gepa/search/search.ts';
import type { Iteration, SearchTask } from '../../../../src/engine/optimizers/gepa/search/terms.ts';
import { searchStateSchema } from '../../../../src/engine/optimizers/gepa/search/state.ts';
import { scriptedSetup, scriptedTask } from '../../../fakes/scriptedGepa.ts';
import type { ScriptedSetup } from '../../../fakes/scriptedGepa.ts';

const sizes = { train: 10, validation: 12, components: 2 };
const seeds = Array.from({ length: 20 }, (_, seed) => seed);

/** The scripted task, which stops the last validation once the rows to come, at 1 each, are not enough to win. */
function stoppingTask(setup: ScriptedSetup): SearchTask<number> {
  const task = scriptedTask(setup);
  return {
    ...task,
    async evaluate(texts, batch, purpose) {
      const outcomes = await task.evaluate(texts, batch, purpose);
      if (purpose.kind !== 'candidate' || purpose.last === null) return outcomes;
      const { mustExceed } = purpose.last;
      let most = outcomes.length;
      const end = outcomes.findIndex(({ score }) => (most -= 1 - score) <= mustExceed);
      return end < 0 ? outcomes : outcomes.slice(0, end + 1);
    },
  };
}

async function searched(setup: ScriptedSetup, task: SearchTask<number>) {
  const iterations: Iteration[] = [];
  const state = await search(setup, task, { note: (_, iteration) => iterations.push(iteration) });
  return { state, iterations, best: state.pool[winner(setup, state)]! };
}

describe("the validation of GEPA's last child", () => {
  it.each([null, { atMost: 5 }])(
    'may stop, which changes no winner and no iteration before (merge: %j)',
    async (merge) => {
      const ends: string[] = [];
      for (const seed of seeds) {
        const setup = scriptedSetup(seed, sizes, { merge, levels: 4, metricCalls: 100 + 7 * seed });
        const whole = await searched(setup, scriptedTask(setup));
        const { state, iterations, best } = await searched(setup, stoppingTask(setup));
        const { end } = iterations.at(-1)!;
        ends.push(end);
        expect(best).toMatchObject({ texts: whole.best.texts, scores: whole.best.scores });
        expect(iterations).toEqual(end === 'stopped' ? whole.iterations.map(asStopped) : whole.iterations);
        expect(state.metricCalls).toBeLessThanOrEqual(whole.state.metricCalls);
      }
      expect(new Set(ends)).toContain('stopped');
      expect(new Set(ends).size).toBeGreaterThan(1);
    },
  );

  it('ends the search, also where the runs it left would do for another iteration', async () => {
    const setup = scriptedSetup(0, sizes, { metricCalls: 12 + 6 + 12, perfectScore: null });
    const better: SearchTask<number> = {
      ...scriptedTask(setup),
      evaluate: (_, { rows }, { kind }) =>
        Promise.resolve(kind === 'candidate' && rows.length === 12 ? validation() : train(kind, rows)),
    };
    let validations = 0;
    const validation = () => Array.from({ length: validations++ === 0 ? 12 : 1 }, () => ({ score: 0, trajectory: 0 }));
    const train = (kind: string, rows: readonly number[]) =>
      rows.map((row) => ({ score: kind === 'child' ? 1 : 0, trajectory: row }));
    const { state, iterations } = await searched({ ...setup, refuses: 0 }, better);
    expect(iterations.map(({ end }) => end)).toEqual(['stopped']);
    expect(state).toMatchObject({ metricCalls: 12 + 6 + 1, stopped: true });
    expect(state.pool).toHaveLength(1);
    const from = searchStateSchema.parse(JSON.parse(JSON.stringify(state)));
    expect(isOver({ ...setup, metricCalls: 1000 }, from)).toBe(true);
  });

  it("is whole where another iteration can follow, and where the cap is gepa's", async () => {
    for (const seed of seeds) {
      const setup = scriptedSetup(seed, sizes, { levels: 4, metricCalls: 100 + 7 * seed, overshoot: seed % 2 === 0 });
      const task = scriptedTask(setup);
      await search(setup, task);
      const lasts = task.purposes.flatMap((purpose) => (purpose.kind === 'candidate' ? [purpose.last] : []));
      expect(lasts.slice(0, -1)).toEqual(lasts.slice(1).map(() => null));
      if (setup.overshoot) expect(lasts.at(-1)).toBeNull();
    }
  });

  it('gives all outcomes where it may not stop', async () => {
    const setup = scriptedSetup(3, sizes);
    const task = scriptedTask(setup);
    const fewer: SearchTask<number> = {
      ...task,
      evaluate: async (texts, batch, purpose) =>
        (await task.evaluate(texts, batch, purpose)).slice(purpose.kind === 'candidate' && purpose.place > 0 ? 1 : 0),
    };
    await expect(search(setup, fewer)).rejects.toThrow('11 outcomes for 12 rows');
  });
});

function asStopped(iteration: Iteration, i: number, all: readonly Iteration[]): object {
  return i < all.length - 1 ? iteration : { ...iteration, end: 'stopped' };
}
