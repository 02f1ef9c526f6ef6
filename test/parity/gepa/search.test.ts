/** The search against gepa itself, live: the same script of task and proposer, and every decision compared. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { search, winner } from '../../../src/engine/optimizers/gepa/search/search.ts';
import type { Iteration } from '../../../src/engine/optimizers/gepa/search/terms.ts';
import type { Member } from '../../../src/engine/optimizers/gepa/search/state.ts';
import type { ScriptedSetup } from '../../fakes/scriptedGepa.ts';
import { scriptedSetup, scriptedTask } from '../../fakes/scriptedGepa.ts';
import { dspyPython } from '../../system/dspyPython.ts';

// Gepa has much to load.
vi.setConfig({ testTimeout: 120_000 });

const gepaVersion = '0.1.4';
const seeds = Array.from({ length: 20 }, (_, seed) => seed);

interface Searched {
  readonly iterations: readonly Iteration[];
  readonly pool: readonly Omit<Member, 'learnedFrom'>[];
  readonly metricCalls: number;
  readonly winner: number;
}

function theirs(setups: readonly ScriptedSetup[]): readonly Searched[] {
  const script = fileURLToPath(new URL('oracle.py', import.meta.url));
  const { stdout, stderr } = spawnSync(dspyPython(), ['-W', 'ignore', script], {
    input: JSON.stringify(setups),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: { ...process.env, PYTHONHASHSEED: '0', LITELLM_LOCAL_MODEL_COST_MAP: 'True', PYTHONDONTWRITEBYTECODE: '1' },
  });
  if (stdout === '') throw new Error(`gepa has given nothing: ${stderr}`);
  const { version, answers } = JSON.parse(stdout) as { version: string; answers: readonly Searched[] };
  expect(version).toBe(gepaVersion);
  return answers;
}

async function ours(setup: ScriptedSetup): Promise<Searched> {
  const iterations: Iteration[] = [];
  const state = await search(setup, scriptedTask(setup), { note: (_, iteration) => iterations.push(iteration) });
  const pool = state.pool.map(({ texts, parents, scores, nextComponent }) => ({
    texts,
    parents,
    scores,
    nextComponent,
  }));
  return { iterations, pool, metricCalls: state.metricCalls, winner: winner(setup, state) };
}

const cases: Readonly<Record<string, readonly ScriptedSetup[]>> = {
  'one component, twelve rows': seeds.map((seed) => scriptedSetup(seed, { train: 12, validation: 8, components: 1 })),
  'three components, rows that fill no minibatch': seeds.map((seed) =>
    scriptedSetup(seed, { train: 10, validation: 7, components: 3 }),
  ),
  'fewer rows than a minibatch': seeds.map((seed) =>
    scriptedSetup(seed, { train: 1 + (seed % 2), validation: 5, components: 2 }, { minibatch: 4 }),
  ),
  'many rows and many equal candidates': seeds.map((seed) =>
    scriptedSetup(seed, { train: 23, validation: 20, components: 2 }, { levels: 2, metricCalls: 900 }),
  ),
  'perfect minibatches are not passed over': seeds.map((seed) =>
    scriptedSetup(seed, { train: 4, validation: 3, components: 2 }, { levels: 2, perfectScore: null }),
  ),
};

/** DSPy without a `valset`. */
const shared = seeds.map((seed) =>
  scriptedSetup(
    seed,
    { train: 14, validation: 14, components: 2 },
    { sharedRows: Array.from({ length: 14 }, (_, row) => row), metricCalls: 400 },
  ),
);

/** As many merges as there are: gepa's own bound lets more of them join than it says. */
const merge = { atMost: 1000 };
const merging: Readonly<Record<string, readonly ScriptedSetup[]>> = {
  'two components': seeds.map((seed) =>
    scriptedSetup(seed, { train: 12, validation: 8, components: 2 }, { merge, metricCalls: 400 }),
  ),
  'three components, many equal candidates, a large pool': seeds.map((seed) =>
    scriptedSetup(
      seed,
      { train: 10, validation: 9, components: 3 },
      { merge, levels: 2, perfectScore: null, metricCalls: 900 },
    ),
  ),
  'as many validation rows as a merge is tried on': seeds.map((seed) =>
    scriptedSetup(seed, { train: 7, validation: 5, components: 4 }, { merge, levels: 5, metricCalls: 300 }),
  ),
};

describe(`the search is that of gepa ${gepaVersion}`, () => {
  it.each(Object.entries(cases))(
    '%s: parents, minibatches, components, acceptances, pool, winner',
    async (_, setups) => {
      const expected = theirs(setups);
      expect(expected).toHaveLength(setups.length);
      const ends = new Set(expected.flatMap(({ iterations }) => iterations.map(({ end }) => end)));
      expect([...ends]).toEqual(expect.arrayContaining(['refused', 'rejected', 'accepted']));
      for (const [i, setup] of setups.entries()) {
        expect(await ours({ ...setup, overshoot: true }), `seed ${setup.seed}`).toEqual(expected[i]);
      }
    },
  );

  it.each(Object.entries(merging))(
    '%s: merges, too, with their parents, ancestors, rows and acceptances',
    async (_, setups) => {
      const expected = theirs(setups);
      const merges = expected.flatMap(({ iterations }) => iterations.filter(({ kind }) => kind === 'merge'));
      expect(new Set(merges.map(({ end }) => end))).toEqual(new Set(['rejected', 'accepted']));
      expect(merges.length).toBeGreaterThan(setups.length);
      for (const [i, setup] of setups.entries()) {
        expect(await ours({ ...setup, overshoot: true }), `seed ${setup.seed}`).toEqual(expected[i]);
      }
    },
  );

  it('on the same rows to learn from and to validate on: all but the winner, for which rows count by who learned from them', async () => {
    const expected = theirs(shared);
    let others = 0;
    for (const [i, setup] of shared.entries()) {
      const found = await ours({ ...setup, overshoot: true });
      expect({ ...found, winner: expected[i]!.winner }, `seed ${setup.seed}`).toEqual(expected[i]);
      if (found.winner !== expected[i]!.winner) others++;
    }
    expect(others).toBeGreaterThan(0);
    expect(others).toBeLessThan(shared.length);
  });

  it('lets no more merged candidates join than it may, where gepa lets more join than it says', async () => {
    const setups = merging['two components']!.map((setup) => ({ ...setup, merge: { atMost: 1 } }));
    const joined = ({ iterations }: Searched) =>
      iterations.filter(({ kind, end }) => kind === 'merge' && end === 'accepted').length;
    expect(Math.max(...theirs(setups).map(joined))).toBeGreaterThan(1);
    const found = await Promise.all(setups.map((setup) => ours({ ...setup, overshoot: true })));
    expect(Math.max(...found.map(joined))).toBe(1);
  });
});
