/** Draws and search against DSPy's MIPROv2 with optuna, live: the same script of programs and scores, and all of it compared. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { Example } from '../../../src/data/program.ts';
import { assembleDemos, labeledFewShot } from '../../../src/engine/demos/demos.ts';
import { autoBudget, minibatchesAbove } from '../../../src/engine/optimizers/mipro/search/budgets.ts';
import type { DemoSetPlan, Draws } from '../../../src/engine/optimizers/mipro/search/draws.ts';
import { drawsOf, tips } from '../../../src/engine/optimizers/mipro/search/draws.ts';
import type { Settle } from '../../../src/engine/optimizers/mipro/search/search.ts';
import { search } from '../../../src/engine/optimizers/mipro/search/search.ts';
import { sizeOf, valuesOf } from '../../../src/engine/optimizers/mipro/search/space.ts';
import type { Found, SearchSetup, Trial } from '../../../src/engine/optimizers/mipro/search/terms.ts';
import { rowScore, scriptedTask } from '../../fakes/scriptedMipro.ts';
import { dspyPython } from '../../system/dspyPython.ts';

// DSPy has much to load.
vi.setConfig({ testTimeout: 300_000 });

const versions = { dspy: '3.4.1', optuna: '5.0.0' };
// DSPy takes another seed than 0 where it is given 0.
const seeds = Array.from({ length: 20 }, (_, i) => i + 1);
const levels = 5;

/** What the oracle is given; null is what `auto` leaves no choice of. */
interface Setup {
  readonly seed: number;
  readonly auto: 'light' | 'medium' | null;
  readonly candidates: number | null;
  readonly trials: number | null;
  readonly train: number;
  readonly validation: number;
  readonly predictors: number;
  readonly maxBootstrappedDemos: number;
  readonly maxLabeledDemos: number;
  readonly minibatch: SearchSetup['minibatch'];
  readonly levels: number;
}

interface TheirTrial {
  readonly kind: Trial['kind'];
  /** Null: the program as it was given. */
  readonly places: readonly number[] | null;
  readonly rows: readonly number[];
  readonly score: number;
}

interface Theirs {
  readonly plans: readonly DemoSetPlan[];
  /** By predictor and demo set: rows of T. */
  readonly demos: readonly (readonly (readonly number[])[])[];
  readonly instructions: readonly (readonly string[])[];
  /** Tips as places in DSPy's table. */
  readonly proposals: readonly (readonly { readonly tip: number; readonly rolloutId: number }[])[];
  readonly trials: readonly TheirTrial[];
  readonly winner: { readonly places: readonly number[] | null; readonly score: number } | null;
  readonly error: string | null;
}

function theirs(setups: readonly Setup[]): readonly Theirs[] {
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
  return given.answers;
}

/** The sizes of a search as our step will have them: by a name, or as they are given. */
function sized(setup: Setup): { readonly draws: Draws; readonly search: SearchSetup } {
  const { seed, auto, predictors, maxBootstrappedDemos, maxLabeledDemos, train, validation } = setup;
  const zeroShot = maxBootstrappedDemos === 0 && maxLabeledDemos === 0;
  const given = { trials: setup.trials!, instructions: setup.candidates!, demoSets: setup.candidates! };
  const budget = auto === null ? { ...given, validationAtMost: null } : autoBudget(auto, predictors, zeroShot);
  const demos = { maxBootstrappedDemos, maxLabeledDemos };
  const draws = drawsOf(seed, { ...budget, ...demos, train, validation, predictors });
  const choices = draws.proposals.map(({ length }) => ({
    instructions: length,
    demoSets: zeroShot ? null : draws.demoSets.length,
  }));
  const rows = draws.validation.length;
  const minibatch = auto === null || rows > minibatchesAbove ? setup.minibatch : null;
  return { draws, search: { choices, validation: rows, trials: budget.trials, minibatch, seed } };
}

/** Ours, as the oracle tells it. */
function toldOf(found: Found, draws: Draws): Pick<Theirs, 'trials' | 'winner'> {
  const trials = found.trials.map(({ kind, combination, rows, score }) => ({
    kind,
    places: kind === 'start' ? null : valuesOf(combination),
    rows: rows.map((row) => draws.validation[row]!),
    score: score!,
  }));
  return { trials, winner: { places: found.combination && valuesOf(found.combination), score: found.score } };
}

/** Rows of T that each predictor gets as demos: those whose run without demos is correct come first. */
function demoRows(plan: DemoSetPlan, setup: Setup): readonly (readonly number[])[] {
  const predictors = Array.from({ length: setup.predictors }, (_, i) => `step ${i}`);
  const examples = Array.from({ length: setup.train }, (_, row): Example => ({
    id: row,
    fields: { row },
    inputs: { row },
  }));
  const rowsOf = (demos: ReturnType<typeof assembleDemos>) =>
    predictors.map((name) => demos[name]!.map(({ example }) => example.id));
  if (plan.source === 'zeroShot') return predictors.map(() => []);
  if (plan.source === 'labels') return rowsOf(labeledFewShot(predictors, examples, setup.maxLabeledDemos));
  const trainset = plan.rows.map((row) => examples[row]!);
  const augmented = (row: number) => predictors.map((name) => [name, { fields: { row }, augmented: true }] as const);
  const bootstrapped = plan.rows
    .filter((row) => rowScore(null, ['train', row], setup.levels) > 0)
    .slice(0, plan.size)
    .map((row) => ({ example: examples[row]!, demos: Object.fromEntries(augmented(row)) }));
  const { maxLabeledDemos: maxLabeled } = setup;
  return rowsOf(assembleDemos({ predictors, trainset, bootstrapped, maxBootstrapped: plan.size, maxLabeled }));
}

const counts = { drawn: 0, ties: 0, otherwise: 0 };

/** Where the sampler finds several combinations equal, optuna's choice; it must be one of them. */
function followOptuna(expected: Theirs): Settle {
  return (equal, study) => {
    counts.ties++;
    const chosen = expected.trials[study.length]?.places?.join();
    if (valuesOf(equal[0]!).join() !== chosen) counts.otherwise++;
    return equal.find((combination) => valuesOf(combination).join() === chosen) ?? equal[0]!;
  };
}

const demos = { maxBootstrappedDemos: 4, maxLabeledDemos: 4 };
const zeroShot = { maxBootstrappedDemos: 0, maxLabeledDemos: 0 };
const byName = { auto: 'light', candidates: null, trials: null, minibatch: { size: 35, fullEvery: 5 } } as const;
const base = { ...byName, ...demos, train: 20, validation: 60, predictors: 1, levels };

const shapes: Readonly<Record<string, Omit<Setup, 'seed'>>> = {
  'light, one predictor, minibatches': base,
  'light, two predictors, minibatches': { ...base, predictors: 2, validation: 70 },
  'light, one predictor, no minibatches, a sample of V': { ...base, validation: 30 },
  'light, two predictors, no minibatches': { ...base, predictors: 2, validation: 50 },
  'light, one predictor, instructions alone, a sample of V': { ...base, ...zeroShot, validation: 130 },
  'light, two predictors, instructions alone, no minibatches': { ...base, ...zeroShot, predictors: 2, validation: 20 },
  'medium, two predictors, minibatches': { ...base, auto: 'medium', predictors: 2, train: 60, validation: 110 },
  'as given: two predictors, many trials, small minibatches': {
    ...base,
    ...{ auto: null, candidates: 7, trials: 73, predictors: 2, validation: 40, minibatch: { size: 6, fullEvery: 4 } },
  },
  'as given: one predictor, bootstrapped demos alone': {
    ...base,
    ...{ auto: null, candidates: 5, trials: 17, maxLabeledDemos: 0, minibatch: { size: 20, fullEvery: 3 } },
  },
  'as given: eleven predictors, instructions alone': {
    ...base,
    ...zeroShot,
    ...{ auto: null, candidates: 3, trials: 40, predictors: 11, validation: 12, minibatch: { size: 12, fullEvery: 7 } },
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

describe(`draws and search are those of DSPy ${versions.dspy} with optuna ${versions.optuna}`, () => {
  afterAll(() => {
    const { drawn, ties, otherwise } = counts;
    process.stdout.write(
      `${drawn} trials, ${ties} with equal candidates, in ${otherwise} optuna takes another first\n`,
    );
  });

  it.each(Object.entries(shapes))('%s: V, demo sets, tips, rollout ids, trials, winner', async (_, shape) => {
    const setups = seeds.map((seed) => ({ ...shape, seed }));
    const expected = theirs(setups);
    expect(expected).toHaveLength(setups.length);
    for (const [i, setup] of setups.entries()) {
      const [seed, their] = [`seed ${setup.seed}`, expected[i]!];
      const { draws, search: searchSetup } = sized(setup);
      expect(draws.demoSets, seed).toEqual(their.plans);
      const made = draws.demoSets.map((plan) => demoRows(plan, setup));
      expect(
        Array.from({ length: setup.predictors }, (_, of) => made.map((set) => set[of])),
        seed,
      ).toEqual(their.demos);
      expect(draws.proposals, seed).toEqual(
        their.proposals.map((of) => of.map((proposal) => ({ ...proposal, tip: tips[proposal.tip] }))),
      );
      const task = scriptedTask(setup.levels, draws.validation);
      const told = toldOf(await search(searchSetup, task, draws, followOptuna(their)), draws);
      counts.drawn += told.trials.length;
      expect(their.error, seed).toBeNull();
      expect(told, seed).toEqual(withoutRepeated(their, searchSetup));
    }
  });

  it('goes on where every combination that was tried has had its full evaluation: DSPy fails there', async () => {
    const shape = { ...base, ...zeroShot, auto: null, candidates: 5, trials: 30, predictors: 2 };
    const setups = seeds.map((seed) => ({ ...shape, seed, minibatch: { size: 5, fullEvery: 1 } }));
    const failed = theirs(setups).map((their, i) => ({ their, setup: setups[i]! }));
    expect(failed.filter(({ their }) => their.error === 'No valid program found in param_score_dict').length).toBe(20);
    for (const { their, setup } of failed) {
      const { draws, search: searchSetup } = sized(setup);
      const task = scriptedTask(setup.levels, draws.validation);
      const { trials } = toldOf(await search(searchSetup, task, draws, followOptuna(their)), draws);
      expect(trials.slice(0, their.trials.length), `seed ${setup.seed}`).toEqual(their.trials);
      expect(trials.length).toBeGreaterThan(their.trials.length);
    }
  });
});

/** Theirs up to where every combination has had a full evaluation: ours ends there, and theirs can find nothing more. */
function withoutRepeated(
  { trials, winner }: Theirs,
  { choices, minibatch }: SearchSetup,
): Pick<Theirs, 'trials' | 'winner'> {
  const isFull = ({ kind }: TheirTrial) => kind === 'full' || (kind === 'trial' && minibatch === null);
  const seenBefore = (end: number) =>
    new Set(
      trials
        .slice(0, end)
        .filter(isFull)
        .map(({ places }) => places!.join()),
    );
  const end = trials.findIndex((_, place) => seenBefore(place).size === sizeOf(choices));
  return { trials: end === -1 ? trials : trials.slice(0, end), winner };
}
