import type { JsonValue } from '../../base/json.ts';
import type { TrainingSet } from '../../data/trainingSet.ts';
import type { HyperParameters, TrainingJob } from '../../engine/interfaces.ts';
import { withKeys } from '../base/furtherKeys.ts';
import type { Keys } from '../base/furtherKeys.ts';
import { suffixOf } from '../base/jobMark.ts';

/** What is trained: a base, or what an earlier job made. */
export type JobSource = { readonly model: string } | { readonly from_checkpoint: string };

/** The body of `POST /fine-tunes`. */
export function createBody(
  { hash, set, hyperParameters }: TrainingJob,
  file: string,
  source: JobSource,
  extra: Keys = {},
): Keys {
  const { epochs, learningRate, batchSize, schedule, seed } = hyperParameters;
  const ours: Keys = {
    ...source,
    training_file: file,
    suffix: suffixOf(hash),
    n_epochs: epochs,
    n_checkpoints: 1,
    learning_rate: learningRate,
    lr_scheduler: schedulerOf(schedule),
    batch_size: batchSize,
    random_seed: seed,
    training_type: loraOf(hyperParameters),
    training_method: methodOf(set),
  };
  // What was written of the method is meant for fine-tuning, and must not make another job of this one.
  return set.method === 'supervised'
    ? withKeys(ours, extra)
    : { ...withKeys(ours, extra), training_method: methodOf(set) };
}

/** Loss on the answers alone, as everywhere here; of preferences it is never another. */
function methodOf(set: TrainingSet): JsonValue {
  return set.method === 'dpo' ? { method: 'dpo', dpo_beta: set.beta } : { method: 'sft', train_on_inputs: false };
}

/** It knows no constant rate: a linear one that ends where it began is one. */
function schedulerOf(schedule: HyperParameters['schedule']): JsonValue {
  if (schedule === 'cosine') {
    return { lr_scheduler_type: 'cosine', lr_scheduler_args: { min_lr_ratio: 0, num_cycles: 0.5 } };
  }
  return { lr_scheduler_type: 'linear', lr_scheduler_args: { min_lr_ratio: schedule === 'constant' ? 1 : 0 } };
}

function loraOf({ lora }: HyperParameters): JsonValue {
  const { rank, alpha, targets } = lora;
  return {
    type: 'Lora',
    lora_r: rank,
    lora_alpha: alpha,
    lora_dropout: 0,
    lora_trainable_modules: targets === 'all-linear' ? targets : targets.join(','),
  };
}
