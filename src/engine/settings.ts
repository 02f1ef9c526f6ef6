import type { HyperParameters } from './interfaces.ts';
import type { Strategy } from './strategy.ts';

/** Settings of a prompt search (BootstrapFewShotWithRandomSearch). */
export interface PromptSettings {
  /** N random subsets, besides zero-shot, labels only and the unshuffled bootstrap (DSPy: `num_candidate_programs`). */
  readonly candidates: number;
  readonly maxBootstrappedDemos: number;
  readonly maxLabeledDemos: number;
  /** How often an example may be tried until its trace is correct. */
  readonly rounds: number;
  /** Temperature of all tries but the first. */
  readonly roundTemperature: number;
  /** Rows of the shuffled training set to bootstrap on (T), and the next rows to choose on (V). */
  readonly train: number;
  readonly validation: number;
}

/** Settings of a fine-tuning step (BootstrapFinetune). */
export interface WeightSettings {
  /** `train` leaves out the rows that the last prompt search chose on. */
  readonly examples: 'all' | 'train';
  readonly rounds: number;
  readonly roundTemperature: number;
  /** Which prompts the rows are rendered with (paper, algorithm 2, step 4: vanilla). */
  readonly prompts: 'vanilla' | 'current' | 'both';
  readonly hyperParameters: Omit<HyperParameters, 'seed'>;
  /** Checkpoints of a job that are tried beside its model, at most. Default none. */
  readonly checkpoints?: number;
}

export interface OptimizeSettings {
  readonly strategy: Strategy;
  readonly seed: number;
  /** A trace is correct when its score is at least this. */
  readonly threshold: number;
  /** Least and greatest value of the metric. */
  readonly metricRange: readonly [number, number];
  readonly p: PromptSettings;
  readonly w: WeightSettings;
  /** The base model's served name. */
  readonly model: string;
}
