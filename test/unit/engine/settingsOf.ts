import type { OptimizeSettings, PromptSettings, WeightSettings } from '../../../src/engine/settings.ts';
import { parseStrategy } from '../../../src/engine/strategy.ts';

export interface SettingsChange extends Partial<Omit<OptimizeSettings, 'strategy' | 'p' | 'w'>> {
  readonly p?: Partial<PromptSettings>;
  readonly w?: Partial<WeightSettings>;
}

/** Small settings of a run; `change` says what a test is about. */
export function settingsOf(strategy: string, { p, w, ...change }: SettingsChange = {}): OptimizeSettings {
  return {
    strategy: parseStrategy(strategy),
    seed: 0,
    threshold: 1,
    metricRange: [0, 1],
    model: 'base',
    p: {
      candidates: 3,
      maxBootstrappedDemos: 2,
      maxLabeledDemos: 2,
      rounds: 1,
      roundTemperature: 1,
      train: 6,
      validation: 10,
      ...p,
    },
    w: {
      examples: 'all',
      rounds: 1,
      roundTemperature: 1,
      prompts: 'vanilla',
      hyperParameters: {
        epochs: 3,
        learningRate: 1e-4,
        schedule: 'linear',
        batchSize: 4,
        lora: { rank: 8, alpha: 16, targets: 'all-linear' },
      },
      ...w,
    },
    ...change,
  };
}
