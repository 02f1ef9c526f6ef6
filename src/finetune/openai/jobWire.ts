import * as z from 'zod';
import { countSchema } from '../../base/counts.ts';
import { idSchema } from '../base/jobEvents.ts';

/** What was made, by its name: of a job, a file. */
export const wireIdSchema = z.object({ id: idSchema });

/** A job as services of the OpenAI shape show it; they differ in what they leave out. */
export const wireJobSchema = z.object({
  id: idSchema,
  status: z.string(),
  fine_tuned_model: z.string().nullish().catch(null),
  trained_tokens: z.unknown().optional(),
  training_file: z.string().nullish().catch(null),
  suffix: z.string().nullish().catch(null),
  user_provided_suffix: z.string().nullish().catch(null),
  metadata: z.record(z.string(), z.unknown()).nullish().catch(null),
  /** Services differ: an object as OpenAI's, or the text alone. */
  error: z
    .union([
      z.object({ message: z.string().nullish(), code: z.string().nullish() }),
      z.string().transform((message) => ({ message, code: null })),
    ])
    .nullish()
    .catch(null),
});
export type WireJob = z.infer<typeof wireJobSchema>;

export const wireCheckpointSchema = z.object({
  fine_tuned_model_checkpoint: z.string().min(1),
  step_number: countSchema.catch(0),
});
