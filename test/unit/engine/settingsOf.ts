import type { RunFacts, Step } from '../../../src/engine/optimizer.ts';
import { optimizers } from '../../../src/engine/optimizers/all.ts';
import type { FewShotSettings, SizedSettings } from '../../../src/engine/optimizers/fewShot/settings.ts';
import type { FittedSettings } from '../../../src/engine/optimizers/fineTune/settings.ts';
import type { OptimizeSettings } from '../../../src/engine/settings.ts';
import { parseStrategy } from '../../../src/data/strategy.ts';

export interface SettingsChange extends Partial<Omit<OptimizeSettings, 'strategy'>> {
  readonly p?: Partial<SizedSettings> & Partial<Pick<FewShotSettings, 'stopping'>>;
  readonly w?: Partial<FittedSettings>;
  /** As they are written; the rest are the embedded endpoint's. */
  readonly dpo?: Readonly<Record<string, unknown>>;
}

export const promptSettings: SizedSettings = {
  candidates: 3,
  maxBootstrappedDemos: 2,
  maxLabeledDemos: 2,
  rounds: 1,
  roundTemperature: 1,
  train: 6,
  validation: 10,
  teacher: null,
};

export const weightSettings: FittedSettings = {
  examples: 'all',
  rounds: 1,
  roundTemperature: 1,
  prompts: 'vanilla',
  epochs: 3,
  learningRate: 1e-4,
  schedule: 'linear',
  batchSize: 4,
  lora: { rank: 8, alpha: 16, targets: 'all-linear' },
  teacher: null,
  checkpoints: 0,
};

/** Small settings of a run; `change` says what a test is about. */
export function settingsOf(strategy: string, { p, w, dpo, ...change }: SettingsChange = {}): OptimizeSettings {
  const weights = { ...weightSettings, ...w };
  const written: Readonly<Record<string, unknown>> = {
    p: { ...promptSettings, ...p },
    w: weights,
    dpo: optimizers.get('dpo').resolve(dpo ?? {}, { embedded: true }),
  };
  const run: RunFacts = { rows: Number.MAX_SAFE_INTEGER, modelsPerJob: 1 + weights.checkpoints };
  const step = (name: string): Step => optimizers.get(name).step(name, written[name], run);
  return {
    strategy: parseStrategy(strategy, optimizers.names).map(step),
    seed: 0,
    threshold: 1,
    metricRange: [0, 1],
    model: 'base',
    ...change,
  };
}
