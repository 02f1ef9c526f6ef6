import { expect, it } from 'vitest';
import { optimizers as ours } from '../../src/engine/optimizers/all.ts';
import { registryOf } from '../../src/engine/registry.ts';
import { phrases } from '../toy/phrases/optimizer.ts';
import { optimizerContract, stepOf, strategyContract } from './optimizer.ts';
import type { Written } from './optimizer.ts';

/** Those of this build, and one that nobody needs. */
const optimizers = registryOf([...ours.all, phrases]);

/** By kind: as somebody may write them. */
const cases: Readonly<Record<string, readonly Written[]>> = {
  p: [
    {},
    { candidates: 2, maxBootstrappedDemos: 0, maxLabeledDemos: 2, train: 5, validation: 9 },
    { candidates: 2, rounds: 2, teacher: { model: 'big', endpoint: 'far', own: true } },
    { candidates: 3, teacher: { model: 'big' } },
    { candidates: 3, maxBootstrappedDemos: 2, maxLabeledDemos: 0, rounds: 3, roundTemperature: 0.7, train: 8 },
    { candidates: 3, maxBootstrappedDemos: 2, maxLabeledDemos: 3, folds: 5 },
  ],
  w: [
    {},
    { prompts: 'both', teacher: { model: 'big', endpoint: 'far', own: true } },
    { rounds: 2, teacher: { model: 'big' } },
    { examples: 'train', rounds: 2, prompts: 'both', epochs: 1, lora: { rank: 8 } },
    { prompts: 'current' },
  ],
  dpo: [
    {},
    { rollouts: 4, pairsPerPrompt: 1, epochs: 2, lora: { rank: 8 } },
    { temperature: 0.7, beta: 0.3, unreadable: 0 },
  ],
  gepa: [
    {},
    { rollouts: 70, minibatch: 2, validation: 8, proposer: { model: 'writer', endpoint: 'far' } },
    { rollouts: 100, folds: 4, teacher: { model: 'big', endpoint: 'far' } },
    { skipPerfect: false, train: 6, rollouts: 90, merge: 5 },
  ],
  mipro: [
    {},
    { minibatch: 0, maxBootstrappedDemos: 0, maxLabeledDemos: 0, proposer: { model: 'writer', endpoint: 'far' } },
    { trials: 9, candidates: 5, minibatch: 4, fullEvery: 4, teacher: { model: 'big', endpoint: 'far', own: true } },
    { trials: 7, candidates: 4, maxBootstrappedDemos: 0, maxLabeledDemos: 2, train: 6, validation: 8 },
    { trials: 12, candidates: 4, maxBootstrappedDemos: 2, maxLabeledDemos: 0, folds: 4, minibatch: 10 },
  ],
  // By default there are more updates than fakes have time for: `grpo.test.ts` has the defaults.
  grpo: [
    { updates: 4, examplesPerUpdate: 2, rollouts: 3, evaluateEvery: 3, fill: 'none' },
    { updates: 3, examplesPerUpdate: 3, rollouts: 2, temperature: 0.7, lora: { rank: 8 }, clip: { high: 0.3 } },
  ],
  custom: [{ optimizer: 'o.ts#better', runs: 16, calls: 1 }],
  dspy: [{ optimizer: 'o.py#better', compile: { rounds: 2 }, calls: 40, train: 8, validation: 9 }],
  phrases: [{}, { phrases: ['Think hard.', 'Be brief.'], rows: 8 }],
};

it('every optimizer that there is has settings to be tried with', () => {
  expect(Object.keys(cases)).toEqual(optimizers.all.map(({ kind }) => kind));
});

for (const optimizer of optimizers.all) optimizerContract(optimizer, cases[optimizer.kind] ?? [{}]);

const inTurn = (...kinds: readonly string[]) =>
  [kinds.join(' -> '), () => kinds.map((kind) => stepOf(optimizers.get(kind), cases[kind]!.at(-1)!))] as const;

strategyContract(...inTurn('p', 'w', 'p'));
strategyContract(...inTurn('w', 'p', 'w'));
strategyContract(...inTurn('phrases', 'w', 'p'));
strategyContract(...inTurn('p', 'w', 'dpo'));
strategyContract(...inTurn('gepa', 'w', 'gepa'));
strategyContract(...inTurn('mipro', 'w', 'mipro'));
strategyContract(...inTurn('p', 'w', 'grpo'));
strategyContract(...inTurn('gepa', 'grpo', 'gepa'));
strategyContract(...inTurn('dspy', 'w', 'dspy'));
