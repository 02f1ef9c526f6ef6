import { describe, expect, it } from 'vitest';
import { DrawnRandom, drawSchema } from '../../../../src/engine/optimizers/gepa/search/drawnRandom.ts';
import { drawMerge, drawMergeRows, mergedTexts } from '../../../../src/engine/optimizers/gepa/search/merge.ts';
import { begin, isOver, search } from '../../../../src/engine/optimizers/gepa/search/search.ts';
import type { Iteration } from '../../../../src/engine/optimizers/gepa/search/terms.ts';
import type { SearchState } from '../../../../src/engine/optimizers/gepa/search/state.ts';
import { searchStateSchema } from '../../../../src/engine/optimizers/gepa/search/state.ts';
import { scriptedSetup, scriptedTask } from '../../../fakes/scriptedGepa.ts';
import type { ScriptedSetup } from '../../../fakes/scriptedGepa.ts';

const sizes = { train: 10, validation: 8, components: 3 };
const seeds = Array.from({ length: 12 }, (_, seed) => seed);
const mergingSetup = (seed: number, more: Partial<ScriptedSetup> = {}) =>
  scriptedSetup(seed, sizes, { merge: { atMost: 5 }, metricCalls: 400, ...more });

async function searched(setup: ScriptedSetup) {
  const iterations: Iteration[] = [];
  const state = await search(setup, scriptedTask(setup), { note: (_, iteration) => iterations.push(iteration) });
  return { state, iterations, merges: iterations.filter((iteration) => iteration.kind === 'merge') };
}

describe("GEPA's search with merges", () => {
  it('goes on from the state after any iteration as if it had not been interrupted', async () => {
    const setup = mergingSetup(1);
    const states: SearchState[] = [await begin(setup, scriptedTask(setup))];
    const whole = await search(setup, scriptedTask(setup), { note: (state) => states.push(state) });
    expect(whole.merges.tried.length).toBeGreaterThan(1);
    for (const state of states) {
      const from = searchStateSchema.parse(JSON.parse(JSON.stringify(state)));
      expect(await search(setup, scriptedTask(setup), { from })).toEqual(whole);
    }
  });

  it('never takes more runs than its cap, a minibatch of one row or of three', async () => {
    for (const minibatch of [1, 3]) {
      for (let metricCalls = 8; metricCalls < 200; metricCalls += 3) {
        const setup = mergingSetup(1, { minibatch, metricCalls });
        const task = scriptedTask(setup);
        const state = await search(setup, task);
        expect(isOver(setup, state)).toBe(true);
        expect(state.metricCalls).toBeLessThanOrEqual(metricCalls);
        expect(task.batches.flatMap(({ rows }) => rows)).toHaveLength(state.metricCalls);
      }
    }
  });

  it('merges no more candidates into the pool than it may, and none where merging is off', async () => {
    for (const atMost of [1, 2]) {
      const found = await Promise.all(seeds.map((seed) => searched(mergingSetup(seed, { merge: { atMost } }))));
      const accepted = found.map(({ merges }) => merges.filter(({ end }) => end === 'accepted').length);
      expect(Math.max(...accepted)).toBe(atMost);
      expect(found.map(({ state }) => state.merges.accepted)).toEqual(accepted);
    }
    expect((await searched(mergingSetup(1, { merge: null }))).merges).toEqual([]);
  });

  it('tries a merge only after a child that joined, and the same one never again', async () => {
    for (const seed of seeds) {
      const { state, iterations, merges } = await searched(mergingSetup(seed));
      iterations.forEach(({ kind }, i) => {
        if (kind === 'merge') expect(iterations[i - 1]).toMatchObject({ kind: 'rewrite', end: 'accepted' });
      });
      expect(state.merges.tried).toMatchObject(merges.map(({ parents, ancestor }) => ({ parents, ancestor })));
      const tried = state.merges.tried.map(({ parents, from }) => JSON.stringify([parents, from]));
      expect(new Set(tried).size).toBe(tried.length);
    }
  });

  it('says what the evaluation of a merged candidate is for', async () => {
    const setup = mergingSetup(1);
    const task = scriptedTask(setup);
    const merges: Iteration[] = [];
    await search(setup, task, { note: (_, of) => of.kind === 'merge' && merges.push(of) });
    const children = task.purposes.flatMap((purpose, i) =>
      purpose.kind === 'child' && purpose.component === null ? [{ purpose, batch: task.batches[i] }] : [],
    );
    expect(children.length).toBeGreaterThan(0);
    expect(children).toMatchObject(
      merges.map((merge) => ({
        purpose: { parents: 'parents' in merge && merge.parents },
        batch: { of: 'validation', rows: merge.rows },
      })),
    );
  });
});

describe('a merge', () => {
  const ancestor = { texts: { a: 'a', b: 'b', c: 'c' }, parents: [], scores: [0, 0, 0, 0, 0] };
  const one = { texts: { a: 'a1', b: 'b', c: 'c1' }, parents: [0], scores: [1, 1, 0, 0, 0] };
  const other = { texts: { a: 'a', b: 'b', c: 'c2' }, parents: [0], scores: [0, 0, 1, 1, 1] };
  const random = () => new DrawnRandom(0, []);

  it('takes each component from the parent that changed it, and of two the better one', () => {
    const pool = [ancestor, one, other];
    const merge = drawMerge(pool, [], random());
    expect(merge).toEqual({ parents: [1, 2], ancestor: 0, from: [1, 1, 2] });
    expect(mergedTexts(pool, merge!)).toEqual({ a: 'a1', b: 'b', c: 'c2' });
  });

  it('draws for each component that both of two equal parents changed, in the order of the components, by the seed alone', () => {
    const scores = [
      [1, 1, 1, 0, 0, 0],
      [0, 0, 0, 1, 1, 1],
    ] as const;
    const poolOf = (names: readonly [string, string, string]) => {
      const textsOf = (by: string, kept: string) =>
        Object.fromEntries(names.map((name, place) => [name, place === 1 ? kept : `text ${place} ${by}`]));
      return [
        { texts: textsOf('before', 'kept'), parents: [], scores: [0, 0, 0, 0, 0, 0] },
        { texts: textsOf('by one', 'new'), parents: [0], scores: scores[0] },
        { texts: textsOf('by other', 'kept'), parents: [0], scores: scores[1] },
      ];
    };
    const drawn = seeds.map((seed) => {
      const random = new DrawnRandom(seed, []);
      random.sample([1, 2], 2);
      random.weightedChoice([0], [1]);
      return [random.choice([1, 2]), 1, random.choice([1, 2])];
    });
    expect(new Set(drawn.map(String)).size).toBe(4);
    // Of names, whose hashes differ, nothing depends.
    for (const names of [['a', 'b', 'c'] as const, ['z', 'predict', 'find.all'] as const]) {
      const pool = poolOf([...names]);
      expect(seeds.map((seed) => drawMerge(pool, [], new DrawnRandom(seed, []))?.from)).toEqual(drawn);
    }
  });

  it('draws among ancestors that all score 0 as equals', () => {
    const middle = { ...ancestor, parents: [0], texts: { ...ancestor.texts, b: 'b1' } };
    const pool = [ancestor, middle, { ...one, parents: [1] }, { ...other, parents: [1] }];
    const drawn = seeds.map((seed) => drawMerge(pool, [], new DrawnRandom(seed, []))?.ancestor);
    expect(new Set(drawn)).toEqual(new Set([0, 1]));
    const negative = pool.map((of) => ({ ...of, scores: of.scores.map((score) => score - 10) }));
    expect(seeds.map((seed) => drawMerge(negative, [], new DrawnRandom(seed, []))?.ancestor)).toEqual(drawn);
  });

  it('is not made of fewer rows than it is tried on, nor of what was tried', () => {
    const pool = [ancestor, one, other];
    const short = pool.map((of) => ({ ...of, scores: of.scores.slice(0, 4) }));
    expect(drawMerge(short, [], random())).toBeNull();
    expect(drawMerge(pool, [{ parents: [1, 2], ancestor: 0, from: [1, 1, 2] }], random())).toBeNull();
  });

  it('is not made of a candidate and its own ancestor, nor where the ancestor is better', () => {
    expect(drawMerge([ancestor, one, { ...other, parents: [1] }], [], random())).toBeNull();
    const better = { ...ancestor, scores: [0.5, 0.5, 0.9, 0.9, 0.9] };
    expect(drawMerge([better, one, other], [], random())).toBeNull();
  });

  it('is tried on five different rows, two of each kind where there are two', () => {
    const scores = [
      [1, 1, 1, 0, 0, 0, 1, 1],
      [0, 0, 0, 1, 1, 1, 1, 1],
    ];
    for (const seed of seeds) {
      const rows = drawMergeRows(scores, new DrawnRandom(seed, []));
      expect(new Set(rows).size).toBe(5);
      expect(rows.map((row) => Math.sign(scores[0]![row]! - scores[1]![row]!))).toEqual([1, 1, -1, -1, 0]);
    }
  });
});

describe('recorded draws', () => {
  it('lead to the same random numbers, and equal ones in a row are one record', () => {
    const random = new DrawnRandom(5, []);
    random.shuffle([1, 2, 3]);
    for (let i = 0; i < 3; i++) random.sample([1, 2, 3, 4], 2);
    random.sample([1, 2, 3, 4], 3);
    random.weightedChoice(['a', 'b'], [0.2, 0.7]);
    expect(random.draws.map(({ kind, times }) => [kind, times])).toEqual([
      ['shuffle', 1],
      ['sample', 3],
      ['sample', 1],
      ['weightedChoice', 1],
    ]);
    const again = new DrawnRandom(
      5,
      random.draws.map((draw) => drawSchema.parse(draw)),
    );
    expect(again.draws).toEqual(random.draws);
    const many = Array.from({ length: 50 }, (_, i) => i);
    expect(again.shuffle(many)).toEqual(random.shuffle(many));
  });
});
