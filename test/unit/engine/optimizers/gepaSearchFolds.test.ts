import { describe, expect, it } from 'vitest';
import { winnerByFolds } from '../../../../src/engine/optimizers/gepa/search/folds.ts';
import { search, winner } from '../../../../src/engine/optimizers/gepa/search/search.ts';
import { searchStateSchema } from '../../../../src/engine/optimizers/gepa/search/state.ts';
import type { Member } from '../../../../src/engine/optimizers/gepa/search/state.ts';
import type { Iteration } from '../../../../src/engine/optimizers/gepa/search/terms.ts';
import { scriptedSetup, scriptedTask } from '../../../fakes/scriptedGepa.ts';

const rows = 10;
const folds = [
  [0, 4, 8],
  [1, 5, 9],
  [2, 6],
  [3, 7],
];
const setupOf = (seed: number) =>
  scriptedSetup(seed, { train: rows, validation: rows, components: 2 }, { folds, levels: 4, metricCalls: 400 });
const foldOf = (row: number): number => folds.findIndex((of) => of.includes(row));

async function searched(seed: number) {
  const setup = setupOf(seed);
  const iterations: Iteration[] = [];
  const state = await search(setup, scriptedTask(setup), { note: (_, iteration) => iterations.push(iteration) });
  return { setup, state, iterations };
}

describe("GEPA's search with folds", () => {
  it('takes each minibatch from one fold, and leaves every candidate a fold that it did not learn from', async () => {
    let deepest = 0;
    const used = new Set<number>();
    for (let seed = 0; seed < 20; seed++) {
      const { state, iterations } = await searched(seed);
      const minibatches = iterations.map((iteration) => iteration.rows);
      for (const minibatch of minibatches) {
        const fold = foldOf(minibatch[0] as number);
        used.add(fold);
        expect(minibatch.every((row) => foldOf(row) === fold)).toBe(true);
      }
      for (const { learnedFrom, parents } of state.pool) {
        expect(learnedFrom.length).toBeLessThan(folds.length);
        for (const parent of parents)
          expect(learnedFrom).toEqual(expect.arrayContaining([...state.pool[parent]!.learnedFrom]));
        deepest = Math.max(deepest, learnedFrom.length);
      }
    }
    expect([...used].sort()).toEqual([0, 1, 2, 3]);
    expect(deepest).toBe(folds.length - 1);
  });

  it('resumed is the uninterrupted one', async () => {
    const { setup, state } = await searched(3);
    const half = { ...setup, metricCalls: 200 };
    const stopped = await search(half, scriptedTask(half));
    const from = searchStateSchema.parse(JSON.parse(JSON.stringify(stopped)));
    expect(await search(setup, scriptedTask(setup), { from })).toEqual(state);
    expect(winner(setup, state)).toBe(winnerByFolds(state.pool, folds));
  });

  it('chooses by what candidates gain on the rows that they did not learn from', () => {
    const member = (scores: readonly number[], learnedFrom: readonly number[]): Member => ({
      ...{ texts: {}, parents: [], nextComponent: 0 },
      ...{ scores: [...scores], learnedFrom: [...learnedFrom] },
    });
    const two = [
      [0, 1],
      [2, 3],
    ];
    const start = member([0, 0, 1, 0], []);
    const learnedByHeart = member([1, 1, 1, 0], [0]);
    const better = member([0, 1, 0, 0], [1]);
    expect(winnerByFolds([start, learnedByHeart, better], two)).toBe(2);
    expect(winnerByFolds([start, learnedByHeart], two)).toBe(0);
  });
});
