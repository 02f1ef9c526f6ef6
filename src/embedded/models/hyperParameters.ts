import * as z from 'zod';
import { ApiError } from '../../loopback/http.ts';

const targets = z.union([z.literal('all-linear'), z.array(z.string().regex(/^\w+$/)).min(1).max(32)]);
const schedule = z.enum(['constant', 'linear', 'cosine']);

/** LoRA and optimizer settings of a job, all decided. */
export const hyperParametersSchema = z.object({
  n_epochs: z.int().min(1).max(1000),
  batch_size: z.int().min(1).max(1024),
  learning_rate: z.number().gt(0).max(1),
  schedule,
  lora_r: z.int().min(1).max(1024),
  lora_alpha: z.number().gt(0).max(8192),
  lora_targets: targets,
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1),
});
export type HyperParameters = z.infer<typeof hyperParametersSchema>;

const auto = z.literal('auto');

/** What a request may say; `auto` and what is left out are ours to choose. An unknown key is an error, not a wish. */
export const requestedSchema = z.strictObject({
  n_epochs: z.union([hyperParametersSchema.shape.n_epochs, auto]).nullish(),
  batch_size: z.union([hyperParametersSchema.shape.batch_size, auto]).nullish(),
  learning_rate: z.union([hyperParametersSchema.shape.learning_rate, auto]).nullish(),
  learning_rate_multiplier: z.union([z.number().gt(0).max(100), auto]).nullish(),
  schedule: schedule.nullish(),
  lora_r: hyperParametersSchema.shape.lora_r.nullish(),
  lora_alpha: hyperParametersSchema.shape.lora_alpha.nullish(),
  lora_targets: targets.nullish(),
  seed: hyperParametersSchema.shape.seed.nullish(),
});
export type RequestedHyperParameters = z.infer<typeof requestedSchema>;

/** What does best on the embedded model. */
export const defaults: HyperParameters = {
  n_epochs: 3,
  batch_size: 4,
  learning_rate: 4e-4,
  schedule: 'linear',
  lora_r: 32,
  lora_alpha: 64,
  lora_targets: 'all-linear',
  seed: 0,
};

/** Of pairs and rewards, which move the weights further for each row than answers to imitate do. */
const gentle = { n_epochs: 1, learning_rate: 1e-4 };

/**
 * Fills in what the request left open. A job that goes on from an adapter keeps that adapter's shape.
 *
 * @throws ApiError 400 when it asks for another shape than its parent has.
 */
export function decide(
  requested: RequestedHyperParameters,
  parent: HyperParameters | null,
  isSupervised = true,
): HyperParameters {
  const given = <T>(value: T | 'auto' | null | undefined, otherwise: T): T =>
    value === undefined || value === null || value === 'auto' ? otherwise : value;
  const shape = parent ?? defaults;
  const usual = isSupervised ? defaults : { ...defaults, ...gentle };
  const multiplier = given(requested.learning_rate_multiplier, 1);
  const decided: HyperParameters = {
    n_epochs: given(requested.n_epochs, usual.n_epochs),
    batch_size: given(requested.batch_size, defaults.batch_size),
    learning_rate: given(requested.learning_rate, usual.learning_rate * multiplier),
    schedule: given(requested.schedule, defaults.schedule),
    lora_r: given(requested.lora_r, shape.lora_r),
    lora_alpha: given(requested.lora_alpha, shape.lora_alpha),
    lora_targets: given(requested.lora_targets, shape.lora_targets),
    seed: given(requested.seed, defaults.seed),
  };
  if (parent !== null) {
    for (const key of ['lora_r', 'lora_alpha', 'lora_targets'] as const) {
      if (JSON.stringify(decided[key]) === JSON.stringify(parent[key])) continue;
      throw new ApiError(
        400,
        `The model to go on from was trained with ${key} ${JSON.stringify(parent[key])}; ` +
          `an adapter's shape cannot change to ${JSON.stringify(decided[key])}. Leave ${key} out, or start from the base.`,
        { param: key, code: 'invalid_value' },
      );
    }
  }
  return decided;
}
