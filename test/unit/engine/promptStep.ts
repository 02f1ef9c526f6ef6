import { Budget } from '../../../src/engine/budget.ts';
import type { Journal, LanguageModel, Program } from '../../../src/engine/interfaces.ts';
import { Optimization } from '../../../src/engine/optimize.ts';
import { UsageMeter } from '../../../src/engine/usage.ts';
import { examples, FakeSurroundings, FakeTrainer, twoPredictors } from './fakes.ts';
import { settingsOf } from './settingsOf.ts';

interface Parts {
  readonly program: Program;
  readonly lm: LanguageModel;
  readonly journal: Journal;
}

/** A `p` of a program with two predictors, between scorings of its states, without a cap. */
export function promptStep(parts: Parts): Optimization {
  const prices = { ofAnswer: () => 0, ofTraining: () => 0 };
  return new Optimization(
    {
      ...parts,
      trainer: new FakeTrainer(),
      surroundings: new FakeSurroundings(),
      gate: new Budget({ calls: null, tokens: null, usd: null }, { calls: 0, tokens: 0, usd: 0 }),
      prices,
      meter: new UsageMeter(prices),
      concurrency: 4,
      identity: 'identity',
    },
    settingsOf('p'),
    { train: examples(24), dev: examples(12, 'd'), test: examples(9, 't') },
    twoPredictors,
    { signal: new AbortController().signal, onStage: () => undefined },
  );
}
