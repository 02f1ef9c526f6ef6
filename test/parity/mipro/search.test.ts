/** Draws and search against DSPy's MIPROv2 with optuna, live: the same script of programs and scores, and all of it compared. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { Example } from '../../../src/data/program.ts';
import type { DemosByPredictor } from '../../../src/engine/demos/demos.ts';
import { assembleDemos, labeledFewShot } from '../../../src/engine/demos/demos.ts';
import type { DemoSetPlan } from '../../../src/engine/optimizers/mipro/search/draws.ts';
import { sizeOf } from '../../../src/engine/optimizers/mipro/search/space.ts';
import type { SearchSetup } from '../../../src/engine/optimizers/mipro/search/terms.ts';
import type { ScriptedSetup, Told, ToldTrial } from '../../fakes/scriptedMipro.ts';
import { following, rowScore, sized, told } from '../../fakes/scriptedMipro.ts';
import { dspyPython } from '../../system/dspyPython.ts';

// DSPy has much to load.
vi.setConfig({ testTimeout: 300_000 });

const versions = { dspy: '3.4.1', optuna: '5.0.0' };
// DSPy takes another seed than 0 where it is given 0.
const seeds = Array.from({ length: 20 }, (_, i) => i + 1);

interface Theirs extends Told {
  /** By predictor and demo set: rows of T. */
  readonly demos: readonly (readonly (readonly number[])[])[];
  /** By predictor. */
  readonly instructions: readonly (readonly string[])[];
  readonly error: string | null;
}

function theirs(setups: readonly ScriptedSetup[]): readonly Theirs[] {
  const script = fileURLToPath(new URL('oracle.py', import.meta.url));
  const { stdout, stderr } = spawnSync(dspyPython(), ['-W', 'ignore', script], {
    input: JSON.stringify(setups),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: { ...process.env, LITELLM_LOCAL_MODEL_COST_MAP: 'True', PYTHONDONTWRITEBYTECODE: '1' },
  });
  if (stdout === '') throw new Error(`DSPy has given nothing: ${stderr}`);
  const given = JSON.parse(stdout) as { versions: typeof versions; answers: readonly Theirs[] };
  expect(given.versions).toEqual(versions);
  expect(given.answers).toHaveLength(setups.length);
  return given.answers;
}

/** Rows of T that each predictor gets as demos: those whose run is correct come first. */
function demoRows(plan: DemoSetPlan, setup: ScriptedSetup): readonly (readonly number[])[] {
  const predictors = Array.from({ length: setup.predictors }, (_, i) => `step ${i}`);
  const examples = Array.from({ length: setup.train }, (_, id): Example => ({ id, fields: { id }, inputs: { id } }));
  const rowsOf = (demos: DemosByPredictor) => predictors.map((name) => demos[name]!.map(({ example }) => example.id));
  if (plan.source === 'zeroShot') return predictors.map(() => []);
  if (plan.source === 'labels') return rowsOf(labeledFewShot(predictors, examples, setup.maxLabeledDemos));
  const demo = { fields: {}, augmented: true };
  const bootstrapped = plan.rows
    .filter((row) => rowScore(null, ['train', row], setup.levels) > 0)
    .slice(0, plan.size)
    .map((row) => ({ example: examples[row]!, demos: Object.fromEntries(predictors.map((name) => [name, demo])) }));
  const trainset = plan.rows.map((row) => examples[row]!);
  const most = { maxBootstrapped: plan.size, maxLabeled: setup.maxLabeledDemos };
  return rowsOf(assembleDemos({ predictors, trainset, bootstrapped, ...most }));
}

/** Trials up to where every combination has had a full evaluation: ours ends there, and theirs can find nothing more. */
function withoutRepeated(trials: readonly ToldTrial[], { choices, minibatch }: SearchSetup): readonly ToldTrial[] {
  const isFull = ({ kind }: ToldTrial) => kind === 'full' || (kind === 'trial' && minibatch === null);
  const seenBefore = (end: number) =>
    new Set(
      trials
        .slice(0, end)
        .filter(isFull)
        .map(({ places }) => places!.join()),
    );
  const end = trials.findIndex((_, place) => seenBefore(place).size === sizeOf(choices));
  return end === -1 ? trials : trials.slice(0, end);
}

const demos = { maxBootstrappedDemos: 4, maxLabeledDemos: 4 };
const zeroShot = { maxBootstrappedDemos: 0, maxLabeledDemos: 0 };
const byName = { auto: 'light', candidates: null, trials: null, minibatch: { size: 35, fullEvery: 5 } } as const;
const base = { ...byName, ...demos, train: 20, validation: 60, predictors: 1, levels: 5 };

const shapes: Readonly<Record<string, Omit<ScriptedSetup, 'seed'>>> = {
  'light, one predictor, minibatches': base,
  'light, two predictors, minibatches': { ...base, predictors: 2, validation: 70 },
  'light, one predictor, no minibatches': { ...base, validation: 30 },
  'light, two predictors, no minibatches': { ...base, predictors: 2, validation: 50 },
  'light, one predictor, instructions alone, a sample of V': { ...base, ...zeroShot, validation: 130 },
  'light, two predictors, instructions alone, no minibatches': { ...base, ...zeroShot, predictors: 2, validation: 20 },
  'as given: one predictor, bootstrapped demos alone': {
    ...base,
    ...{ auto: null, candidates: 5, trials: 17, maxLabeledDemos: 0, minibatch: { size: 20, fullEvery: 3 } },
  },
  'as given: two demo sets': {
    ...base,
    ...{ auto: null, candidates: 2, trials: 11, validation: 9, minibatch: { size: 3, fullEvery: 6 } },
  },
  'as given: no minibatches': {
    ...base,
    ...{ auto: null, candidates: 4, trials: 45, predictors: 2, validation: 9, minibatch: null },
  },
};

/** Larger ones, with fewer seeds, as they take long. */
const others: typeof shapes = {
  'medium, two predictors, minibatches': { ...base, auto: 'medium', predictors: 2, train: 60, validation: 110 },
  'as given: two predictors, many trials, small minibatches': {
    ...base,
    ...{ auto: null, candidates: 7, trials: 73, predictors: 2, validation: 40, minibatch: { size: 6, fullEvery: 4 } },
  },
  'as given: eleven predictors, instructions alone, minibatches of all rows': {
    ...base,
    ...zeroShot,
    ...{ auto: null, candidates: 3, trials: 40, predictors: 11, validation: 12, minibatch: { size: 12, fullEvery: 7 } },
  },
};

describe(`draws and search are those of DSPy ${versions.dspy} with optuna ${versions.optuna}`, () => {
  const counts = { trials: 0, equal: 0, otherwise: 0 };
  const note = (first: boolean) => {
    counts.equal++;
    if (!first) counts.otherwise++;
  };
  afterAll(() => {
    const { trials, equal, otherwise } = counts;
    process.stdout.write(
      `${trials} trials, ${equal} with equal combinations, ${otherwise} where optuna took another\n`,
    );
  });

  const of = (among: typeof shapes, seeds: readonly number[]) =>
    Object.entries(among).map(([name, shape]) => ({ name, setups: seeds.map((seed) => ({ ...shape, seed })) }));
  const cases = [...of(shapes, seeds), ...of(others, seeds.slice(0, 6))];

  it.each(cases)('$name: V, demo sets, tips, rollout ids, trials, winner', async ({ setups }) => {
    for (const [i, { demos, instructions, error, ...expected }] of theirs(setups).entries()) {
      const [seed, setup] = [`seed ${setups[i]!.seed}`, setups[i]!];
      expect(error, seed).toBeNull();
      const { searchSetup } = sized(setup);
      expect(instructions.map(({ length }) => length)).toEqual(searchSetup.choices.map((of) => of.instructions));
      const ours = await told(setup, following(expected, note));
      counts.trials += ours.trials.length;
      expect(ours, seed).toEqual({ ...expected, trials: withoutRepeated(expected.trials, searchSetup) });
      const made = ours.plans.map((plan) => demoRows(plan, setup));
      expect(demos, seed).toEqual(demos.map((_, predictor) => made.map((set) => set[predictor])));
    }
  });

  it('goes on where every combination that was tried has had its full evaluation: DSPy fails there', async () => {
    const shape = { ...base, ...zeroShot, auto: null, candidates: 5, trials: 30, predictors: 2 };
    const setups = seeds.map((seed) => ({ ...shape, seed, minibatch: { size: 5, fullEvery: 1 } }));
    for (const [i, expected] of theirs(setups).entries()) {
      const seed = `seed ${setups[i]!.seed}`;
      expect(expected.error, seed).toBe('No valid program found in param_score_dict');
      const { trials } = await told(setups[i]!, following(expected));
      expect(trials.slice(0, expected.trials.length), seed).toEqual(expected.trials);
      expect(trials.length, seed).toBeGreaterThan(expected.trials.length);
    }
  });
});
