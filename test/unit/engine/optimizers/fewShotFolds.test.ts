/** A prompt search with folds: what it shows of which rows, what it chooses, and what it takes. */
import { describe, expect, it } from 'vitest';
import { contentHash } from '../../../../src/base/contentHash.ts';
import type { Demo, Example, ProgramState } from '../../../../src/data/program.ts';
import type { RunRequest } from '../../../../src/engine/interfaces.ts';
import type { Step } from '../../../../src/engine/optimizer.ts';
import { optimizers } from '../../../../src/engine/optimizers/all.ts';
import { searchPrompts } from '../../../../src/engine/optimizers/fewShot/promptSearch.ts';
import type { SizedSettings } from '../../../../src/engine/optimizers/fewShot/settings.ts';
import { Pool } from '../../../../src/engine/pool.ts';
import { PythonRandom } from '../../../../src/engine/pythonRandom.ts';
import { ReadingTally, RunMemory } from '../../../../src/engine/runMemory.ts';
import { Runner } from '../../../../src/engine/runner.ts';
import { FailureTally } from '../../../../src/engine/scope.ts';
import { initialState, stateHash } from '../../../../src/engine/state.ts';
import { UsageMeter } from '../../../../src/engine/usage.ts';
import { newWorld, optimize } from '../../../contracts/optimizers/engine.ts';
import { examples, FakeJournal, FakeLm, FakeProgram, twoPredictors } from '../fakes.ts';

const predictors = ['a.predict'];
const description = { ...twoPredictors, predictors: twoPredictors.predictors.slice(0, 1) };
const start = initialState(description, 'base');
const prices = { ofAnswer: () => null, ofTraining: () => null };

interface Rows {
  readonly trainset: readonly Example[];
  readonly validation: readonly Example[];
}

/** Searches; `score` is the metric. Of its runs those that chose are given back, with the states of the candidates. */
async function search(
  { trainset, validation }: Rows,
  limits: Partial<SizedSettings>,
  score: (request: RunRequest) => number,
) {
  const chosenBy: RunRequest[] = [];
  const program = new FakeProgram({
    description,
    score: (request) => {
      if (!request.collecting) chosenBy.push(request);
      return score(request);
    },
  });
  const journal = new FakeJournal();
  const memory = new RunMemory(journal, null);
  const parts = { journal, memory, meter: new UsageMeter(prices), identity: 'test' };
  const run = { program, lm: new FakeLm(() => 'answer'), pool: new Pool(4), baseModel: 'base' };
  const runner = new Runner({ ...parts, ...run, metricRange: [0, 1], abort: () => undefined });
  const scope = {
    prefix: 'p',
    meter: new UsageMeter(prices),
    failures: new FailureTally([0, 1]),
    readings: new ReadingTally(),
    signal: new AbortController().signal,
  };
  const settings = {
    ...{ candidates: 6, maxBootstrappedDemos: 3, maxLabeledDemos: 3, rounds: 1, roundTemperature: 1 },
    ...{ train: trainset.length, validation: validation.length, teacher: null },
    ...limits,
  };
  const what = { start, startCompiled: false, predictors, trainset, validation, settings };
  const found = await searchPrompts(
    { runner, endpoints: new Map<string, string>(), ...parts },
    { ...what, threshold: 1, metricRange: [0, 1] as const, seed: 0 },
    scope,
  );
  const candidates = journal.of('candidate.started').map(({ state }) => journal.states.get(state)!);
  return { found, candidates, chosenBy, journal };
}

const all = (rows: readonly Example[]): Rows => ({ trainset: rows, validation: rows });
const demosIn = (state: ProgramState): readonly Demo[] => state.predictors['a.predict']!.demos;
const asked = ({ fields }: Pick<Example, 'fields'>) => String(fields['question']);
/** From 0 to below 1, the same for the same. */
const chance = (...of: readonly (string | number)[]) => Number.parseInt(contentHash(of).slice(0, 8), 16) / 2 ** 32;

describe('a prompt search with folds', () => {
  it.each([2, 5, 20])(
    'of %i chooses on every row without the demos of its fold, and with all others',
    async (folds) => {
      const rows = new PythonRandom(1).shuffle(examples(20));
      const foldOf = new Map(rows.map((row, place) => [asked(row), place % folds]));
      const { candidates, chosenBy } = await search(all(rows), { folds }, ({ state, example }) =>
        demosIn(state).length > 0 && chance(asked(example)) < 0.9 ? 1 : 0.5,
      );
      const expected = new Set(
        candidates.flatMap((candidate) =>
          rows.map((row) => {
            const kept = demosIn(candidate).filter((demo) => foldOf.get(asked(demo)) !== foldOf.get(asked(row)));
            return JSON.stringify([asked(row), kept.map(asked)]);
          }),
        ),
      );
      const made = chosenBy.map(({ state, example }) => JSON.stringify([asked(example), demosIn(state).map(asked)]));
      expect(made.filter((run) => !expected.has(run))).toEqual([]);
      expect(new Set(chosenBy.map(({ example }) => asked(example))).size).toBe(20);
      const bootstrapped = candidates.filter((candidate) => demosIn(candidate).some(({ augmented }) => augmented));
      const labelled = candidates.filter((candidate) => demosIn(candidate).some(({ augmented }) => !augmented));
      expect(bootstrapped.length).toBeGreaterThan(0);
      expect(labelled.length).toBeGreaterThan(0);
    },
  );

  it('never shows a row to another that asks the same', async () => {
    const rows = [...examples(8), ...examples(8).map((row) => ({ ...row, id: row.id + 8 }))];
    const { chosenBy } = await search(all(rows), { folds: 16 }, () => 1);
    const shown = chosenBy.flatMap(({ state, example }) =>
      demosIn(state).map((demo) => [asked(demo), asked(example)] as const),
    );
    expect(shown.length).toBeGreaterThan(0);
    for (const [demo, row] of shown) expect(demo).not.toBe(row);
  });

  it('ends in the whole candidate that did best on all rows, with all its demos', async () => {
    const rows = examples(10);
    const helps = (demo: Demo) => ['q3', 'q7'].includes(asked(demo));
    const { found, candidates, journal } = await search(all(rows), { folds: 5, candidates: 40 }, (request) =>
      request.collecting ? 1 : demosIn(request.state).filter(helps).length / 2,
    );
    const most = Math.max(...candidates.map((candidate) => demosIn(candidate).filter(helps).length));
    expect(most).toBe(2);
    expect(demosIn(found.state).filter(helps)).toHaveLength(2);
    expect(stateHash(found.state)).toBe(journal.of('candidate.started')[found.candidate]!.state);
    // Rows 3 and 7 are of two folds of five, whose four rows see one of the two demos each.
    expect(found.score).toMatchObject({ score: 80, n: 10 });
  });

  it('finds the best of few rows more often than five rows apart do', async () => {
    // What a demo is worth goes by its row; a row is right with a chance that all demos in sight add up to.
    const found = async (seed: number, folds: boolean) => {
      const worth = (demo: Demo) => 0.4 * chance('worth', seed, asked(demo));
      const skill = (state: ProgramState) => demosIn(state).reduce((sum, demo) => sum + worth(demo), 0.2);
      const rows = examples(20);
      const given = folds ? all(rows) : { trainset: rows.slice(0, 15), validation: rows.slice(15) };
      const limits = { maxBootstrappedDemos: 2, maxLabeledDemos: 0, ...(folds ? { folds: 5 } : {}) };
      const { found: winner, candidates } = await search(given, limits, ({ state, example, collecting }) =>
        collecting || chance('row', seed, asked(example), ...demosIn(state).map(asked)) < skill(state) ? 1 : 0,
      );
      return skill(winner.state) === Math.max(...candidates.map(skill));
    };
    const seeds = Array.from({ length: 50 }, (_, seed) => seed);
    const count = async (folds: boolean) =>
      (await Promise.all(seeds.map((seed) => found(seed, folds)))).filter(Boolean).length;
    const [apart, folded] = [await count(false), await count(true)];
    expect(folded).toBeGreaterThan(apart + 5);
  }, 60_000);
});

/** A step of the settings that somebody writes, for a training set of so many rows. */
function stepOf(kind: string, written: Readonly<Record<string, unknown>>, rows = 24): Step {
  const optimizer = optimizers.get(kind);
  return optimizer.step(kind, optimizer.resolve(written, { embedded: false }), { rows, modelsPerJob: 1 });
}

describe('a step with folds', () => {
  const prompts = { demos: null, instructions: false };
  const sample = { runs: 5, paidCalls: 5, correct: 1, predictors: 1, calls: 1, inputTokens: 100, outputTokens: 10 };
  const context = {
    ...{ prompts, sample, sizes: { train: 40, dev: 10, test: 0 } },
    prices: { call: () => null, training: () => null },
  };

  it('costs every candidate on every row, with fewer demos in a prompt than it has', () => {
    const written = { candidates: 3, maxBootstrappedDemos: 2, maxLabeledDemos: 2 };
    const [validation, bootstrap] = stepOf('p', { ...written, folds: 4 }, 40).plan(context).runs;
    expect(validation!.runs).toEqual({ expected: 6 * 40, most: 6 * 40 });
    const [apart] = stepOf('p', { ...written, train: 10, validation: 30 }, 40).plan(context).runs;
    expect(validation!.demos.expected).toBeCloseTo(apart!.demos.expected * 0.75);
    expect(validation!.demos.most).toBe(2);
    expect(bootstrap!.runs.most).toBe(4 * 40);
  });

  it('refuses folds that are no cut, that are more than the rows, and sizes besides', () => {
    expect(() => stepOf('p', { folds: 1 })).toThrow(/folds/);
    expect(() => stepOf('p', { folds: 25 })).toThrow('"p.folds" (25) needs at least 25 training rows');
    expect(() => stepOf('p', { folds: 5, validation: 10 })).toThrow(/"p\.folds" \(5\).*"p\.validation" \(10\)/);
  });

  it('says on how many rows it chooses, and leaves none out of the training rows of a weight step', async () => {
    const steps = [stepOf('p', { candidates: 2, folds: 5 }), stepOf('w', { examples: 'train' })];
    const { journal } = await optimize(newWorld('all'), steps);
    expect(journal.of('step.started')[0]!.search).toEqual({ candidates: 5, validation: 24 });
    expect(journal.of('rows.collected')[0]).toMatchObject({ tried: 24, correct: 24 });
  });

  it('is another search than one without; that one is remembered as it was before there were folds', async () => {
    const world = newWorld('some');
    const optimizer = optimizers.get('p');
    const { folds, ...before } = optimizer.resolve({ candidates: 2 }, { embedded: false });
    expect(folds).toBeNull();
    await optimize(world, [optimizer.step('p', before, { rows: 24, modelsPerJob: 1 })]);
    const again = await optimize(world, [stepOf('p', { candidates: 2 })]);
    expect(again.journal.of('example').filter(({ purpose }) => purpose === 'validate')).toEqual([]);
    const folded = await optimize(world, [stepOf('p', { candidates: 2, folds: 3 })]);
    expect(folded.journal.of('example').filter(({ purpose }) => purpose === 'validate')).not.toEqual([]);
  });
});
