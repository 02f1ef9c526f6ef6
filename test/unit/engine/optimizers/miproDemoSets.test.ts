import { describe, expect, it } from 'vitest';
import type { Example } from '../../../../src/data/program.ts';
import type { DemosByPredictor } from '../../../../src/engine/demos/demos.ts';
import { makeDemoSets } from '../../../../src/engine/optimizers/mipro/demoSets.ts';
import { drawsOf } from '../../../../src/engine/optimizers/mipro/search/draws.ts';
import { Pool } from '../../../../src/engine/pool.ts';
import { ReadingTally, RunMemory } from '../../../../src/engine/runMemory.ts';
import { Runner } from '../../../../src/engine/runner.ts';
import { FailureTally } from '../../../../src/engine/scope.ts';
import { initialState } from '../../../../src/engine/state.ts';
import { UsageMeter } from '../../../../src/engine/usage.ts';
import goldens from '../../../goldens/demoSets.json' with { type: 'json' };
import { examples, FakeJournal, FakeLm, FakeProgram, twoPredictors } from '../fakes.ts';

const predictors = ['a.predict', 'b.predict'];
const prices = { ofAnswer: () => null, ofTraining: () => null };
const isCorrect = { all: () => true, odd: ({ id }: Example) => id % 2 === 1 };

interface Case {
  readonly seed: number;
  readonly sets: number;
  readonly maxBootstrappedDemos: number;
  readonly maxLabeledDemos: number;
  readonly metric: keyof typeof isCorrect;
}

async function demoSets({ seed, sets: demoSets, maxLabeledDemos, metric, ...limits }: Case) {
  const journal = new FakeJournal();
  const program = new FakeProgram({ score: ({ example }) => (isCorrect[metric](example) ? 1 : 0) });
  const scope = {
    ...{ prefix: 'mipro', meter: new UsageMeter(prices), failures: new FailureTally([0, 1]) },
    ...{ readings: new ReadingTally(), signal: new AbortController().signal },
  };
  const runner = new Runner({
    ...{ program, lm: new FakeLm(() => 'said'), journal, memory: new RunMemory(journal, null), pool: new Pool(4) },
    ...{ meter: new UsageMeter(prices), baseModel: 'base', identity: 'test', metricRange: [0, 1] },
    abort: () => undefined,
  });
  const sizes = { train: 10, validation: 1, validationAtMost: null, predictors: 2, instructions: 1 };
  const draws = drawsOf(seed, { ...sizes, ...limits, demoSets, maxLabeledDemos });
  const sets = await makeDemoSets(draws.demoSets, {
    ...{ runner, scope, start: initialState(twoPredictors, 'base'), startCompiled: false, predictors },
    ...{ trainset: examples(10), maxLabeledDemos, threshold: 1, teacher: null },
  });
  return { sets, journal };
}

/** As the goldens print them: of each predictor the questions, and whether they were bootstrapped. */
function printed(demos: DemosByPredictor) {
  const of = (name: string) => (demos[name] ?? []).map(({ demo }) => [demo.fields['question'], demo.augmented]);
  return { a: of('a.predict'), b: of('b.predict') };
}

describe('the demo sets of a search', () => {
  it.each(goldens as readonly (Case & { readonly demos: unknown })[])(
    'are those of DSPy 3.4.1: seed $seed, $maxBootstrappedDemos bootstrapped and $maxLabeledDemos labelled, $metric correct',
    async ({ demos, ...of }) => {
      expect((await demoSets(of)).sets.map(printed)).toEqual(demos);
    },
  );

  it('are bootstrapped for no candidate of the log, and a row once for sets that teach it alike', async () => {
    const usual = { seed: 4, sets: 9, maxBootstrappedDemos: 3, metric: 'all' } as const;
    const { journal } = await demoSets({ ...usual, maxLabeledDemos: 0 });
    const runs = journal.of('example');
    expect(new Set(runs.map(({ purpose, candidate }) => `${purpose} ${String(candidate)}`))).toEqual(
      new Set(['bootstrap null']),
    );
    expect(new Set(runs.map(({ example }) => example)).size).toBe(runs.length);
  });

  it('are labelled alone where none may be bootstrapped, of rows in orders of their own', async () => {
    const { sets, journal } = await demoSets({
      seed: 4,
      sets: 6,
      maxBootstrappedDemos: 0,
      maxLabeledDemos: 3,
      metric: 'all',
    });
    expect(journal.of('example')).toEqual([]);
    expect(printed(sets[0]!)).toEqual({ a: [], b: [] });
    for (const set of sets.slice(1)) {
      expect(printed(set).a).toHaveLength(3);
      expect(printed(set).a.every(([, augmented]) => augmented === false)).toBe(true);
    }
    expect(new Set(sets.map((set) => JSON.stringify(printed(set)))).size).toBeGreaterThan(4);
  });
});
