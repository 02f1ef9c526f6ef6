import type { HyperParameters, TrainingJob } from '../../engine/interfaces.ts';
import { withKeys } from '../base/furtherKeys.ts';
import type { Keys } from '../base/furtherKeys.ts';

/** What Fireworks decides itself: its jobs take a rank, and no seed, schedule, alpha or modules. */
export const chosenThere = ['schedule', 'lora.alpha', 'lora.targets', 'seed'] as const;

export interface JobSource {
  /** `accounts/me/datasets/rows`. */
  readonly dataset: string;
  /** What is trained: a base, or the record of a tuned model to go on from. */
  readonly from: { readonly baseModel: string } | { readonly warmStartFrom: string };
}

/** The body of `POST …/supervisedFineTuningJobs`. Its id is in the query, and names the model too. */
export function createBody({ hash, hyperParameters }: TrainingJob, source: JobSource, extra: Keys = {}): Keys {
  const ours: Keys = {
    displayName: `BetterTogether ${hash.slice(0, 16)}`,
    dataset: source.dataset,
    ...source.from,
    ...hyperParameterKeys(hyperParameters),
  };
  return withKeys(ours, extra);
}

/** `batchSize` there counts tokens; rows are counted by `batchSizeSamples`. */
function hyperParameterKeys({ epochs, learningRate, batchSize, lora }: HyperParameters): Keys {
  return { epochs, learningRate, batchSizeSamples: batchSize, loraRank: lora.rank };
}
