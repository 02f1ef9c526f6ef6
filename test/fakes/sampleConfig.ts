import type { ResolvedProgram } from '../../src/config/resolved.ts';
import type { ResolvedStep } from '../../src/config/steps.ts';

/** What a program's entry in `bettertogether.json` comes to. */
export const sampleConfig: ResolvedProgram = {
  key: 'intents',
  program: { file: '/w/program.ts', name: 'Intents' },
  metric: { kind: 'builtin', name: 'exactMatch', field: 'answer' },
  threshold: 1,
  metricRange: [0, 1],
  data: { train: '/w/train.jsonl', dev: '/w/dev.jsonl', test: null },
  inputs: ['utterance'],
  endpoint: { kind: 'embedded', name: 'embedded', concurrency: 8, prices: null },
  model: 'base',
  adapter: 'plain',
  guided: 'auto',
  frozen: [],
  strategy: ['p', 'w'],
  seed: 0,
  steps: {
    p: {
      kind: 'p',
      settings: {
        candidates: 6,
        maxBootstrappedDemos: 3,
        maxLabeledDemos: 0,
        rounds: 3,
        roundTemperature: 1,
        train: null,
        validation: null,
      },
    },
    w: {
      kind: 'w',
      settings: {
        examples: 'all',
        rounds: 1,
        roundTemperature: 1,
        prompts: 'vanilla',
        epochs: 3,
        learningRate: 4e-4,
        schedule: 'linear',
        batchSize: 4,
        lora: { rank: 32, alpha: 64, targets: 'all-linear' },
      },
    },
  },
  sampling: { temperature: 0, topP: 0.97, maxTokens: 8 },
  budget: { calls: null, tokens: null, usd: null },
};

/** The same, with other settings of a step. */
export function withStep(config: ResolvedProgram, name: string, settings: ResolvedStep['settings']): ResolvedProgram {
  const step = config.steps[name]!;
  return { ...config, steps: { ...config.steps, [name]: { ...step, settings: { ...step.settings, ...settings } } } };
}
