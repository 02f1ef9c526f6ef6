import { describe, expect, it } from 'vitest';
import { search, winner } from '../../../../src/engine/optimizers/gepa/search/search.ts';
import { winnerOnSharedRows } from '../../../../src/engine/optimizers/gepa/search/sharedRows.ts';
import { searchStateSchema } from '../../../../src/engine/optimizers/gepa/search/state.ts';
import type { Member } from '../../../../src/engine/optimizers/gepa/search/state.ts';
import type { Iteration } from '../../../../src/engine/optimizers/gepa/search/terms.ts';
import { scriptedSetup, scriptedTask } from '../../../fakes/scriptedGepa.ts';

const rows = 10;
/** Row 7 asks what row 2 asks. */
const sharedRows = [0, 1, 2, 3, 4, 5, 6, 2, 8, 9];

async function searched(seed: number, merge: { readonly atMost: number } | null = null) {
  const sizes = { train: rows, validation: rows, components: 2 };
  const setup = scriptedSetup(seed, sizes, { sharedRows, levels: 4, metricCalls: 400, merge });
  const iterations: Iteration[] = [];
  const state = await search(setup, scriptedTask(setup), { note: (_, iteration) => iterations.push(iteration) });
  return { setup, state, iterations };
}

/** The rows that a member of the pool was made from, and those that its ancestors were. */
function shownTo(place: number, pool: readonly Member[], made: readonly Iteration[]): readonly number[] {
  const { parents } = pool[place]!;
  const iteration = place === 0 ? undefined : made[place - 1];
  const own = iteration?.kind === 'rewrite' ? iteration.rows : [];
  return [...own, ...parents.flatMap((parent) => shownTo(parent, pool, made))];
}

describe("GEPA's search on rows that are learned from and chosen on alike", () => {
  it.each([null, { atMost: 3 }])(
    'knows what each candidate and its ancestors learned from, merges: %j',
    async (merge) => {
      let merged = 0;
      for (let seed = 0; seed < 20; seed++) {
        const { state, iterations } = await searched(seed, merge);
        const made = iterations.filter(({ end }) => end === 'accepted');
        for (const [place, { learnedFrom, parents }] of state.pool.entries()) {
          const shown = new Set(shownTo(place, state.pool, made).map((row) => sharedRows[row]!));
          expect([...learnedFrom]).toEqual([...shown].sort((a, b) => a - b));
          if (parents.length > 1) merged++;
        }
      }
      expect(merged > 0).toBe(merge !== null);
    },
  );

  it('resumed is the uninterrupted one', async () => {
    const { setup, state } = await searched(3);
    const half = { ...setup, metricCalls: 200 };
    const stopped = await search(half, scriptedTask(half));
    const from = searchStateSchema.parse(JSON.parse(JSON.stringify(stopped)));
    expect(await search(setup, scriptedTask(setup), { from })).toEqual(state);
    expect(winner(setup, state)).toBe(winnerOnSharedRows(state.pool, sharedRows));
  });
});

describe('the best of candidates on shared rows', () => {
  const member = (scores: readonly number[], learnedFrom: readonly number[]): Member => ({
    ...{ texts: {}, parents: [], nextComponent: 0 },
    ...{ scores: [...scores], learnedFrom: [...learnedFrom] },
  });
  const start = member([0, 0, 0, 0], []);

  it('is the one that gains most where rows that it learned from count a quarter', () => {
    const shared = [0, 1, 2, 3];
    const learnedByHeart = member([1, 1, 0, 0], [0, 1]);
    const better = member([0, 0, 1, 0], [0, 1]);
    expect(winnerOnSharedRows([start, learnedByHeart, better], shared)).toBe(2);
    const everywhere = member([1, 1, 1, 0], [0, 1]);
    expect(winnerOnSharedRows([start, learnedByHeart, better, everywhere], shared)).toBe(3);
  });

  it('may have learned from all rows: then all count alike', () => {
    expect(winnerOnSharedRows([start, member([1, 1, 1, 0], [0, 1, 2, 3])], [0, 1, 2, 3])).toBe(1);
  });

  it('gains nothing much on a row that asks what another one asks', () => {
    const shared = [0, 1, 0, 0];
    const answers = member([1, 0, 1, 1], [0]);
    const learned = member([0, 1, 0, 0], [0]);
    expect(winnerOnSharedRows([start, answers, learned], shared)).toBe(2);
  });

  it('is the first program where nothing gains', () => {
    expect(winnerOnSharedRows([member([1, 0], []), member([0, 1], [1])], [0, 1])).toBe(0);
  });
});
