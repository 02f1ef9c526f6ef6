/** Settings of a preference step. */
import * as z from 'zod';
import { keptLora, resolveLora, writtenLora } from '../../loraSettings.ts';
import type { EndpointFacts } from '../../optimizer.ts';
import { count, positive } from '../../settingSchemas.ts';

const share = z.number().min(0).max(1);

export const writtenSchema = z
  .strictObject({
    rollouts: count
      .min(2)
      .optional()
      .describe('How often the program is run on each example: once as ever, then at "temperature". Default 8.'),
    temperature: positive.max(2).optional().describe('Sampling temperature of all runs but the first. Default 1.0.'),
    pairsPerPrompt: count.optional().describe('Pairs that one prompt gives at most. Default 2.'),
    unreadable: share
      .optional()
      .describe(
        'By how much the share of unreadable answers on dev may grow; with more, the weights are dropped. Default 0.02.',
      ),
    beta: positive
      .optional()
      .describe('How closely the weights that it starts from are kept to: the smaller, the freer. Default 0.1.'),
    epochs: count.optional().describe('Passes over the pairs. Default 1.'),
    learningRate: positive.optional().describe('Peak learning rate. Default 5e-6; on the embedded endpoint 1e-4.'),
    schedule: z.enum(['constant', 'linear', 'cosine']).optional().describe('Learning-rate schedule. Default linear.'),
    batchSize: count.optional().describe('Pairs per optimizer step. Default 8; on the embedded endpoint 4.'),
    lora: writtenLora.optional(),
  })
  .describe('Preference steps: direct preference optimization on what the program got right and wrong.');

export const settingsSchema = z.object({
  rollouts: z.number(),
  temperature: z.number(),
  pairsPerPrompt: z.number(),
  unreadable: z.number(),
  beta: z.number(),
  epochs: z.number(),
  learningRate: z.number(),
  schedule: z.enum(['constant', 'linear', 'cosine']),
  batchSize: z.number(),
  lora: keptLora,
});
export type DpoSettings = z.infer<typeof settingsSchema>;

/** Settings for a run. */
export interface FittedSettings extends DpoSettings {
  /** Checkpoints of a job that are tried beside its model, at most. */
  readonly checkpoints: number;
}

export function resolve(written: z.infer<typeof writtenSchema>, endpoint: EndpointFacts): DpoSettings {
  const { embedded } = endpoint;
  return {
    rollouts: written.rollouts ?? 8,
    temperature: written.temperature ?? 1,
    pairsPerPrompt: written.pairsPerPrompt ?? 2,
    unreadable: written.unreadable ?? 0.02,
    beta: written.beta ?? 0.1,
    epochs: written.epochs ?? 1,
    learningRate: written.learningRate ?? (embedded ? 1e-4 : 5e-6),
    schedule: written.schedule ?? 'linear',
    batchSize: written.batchSize ?? (embedded ? 4 : 8),
    lora: resolveLora(written.lora, endpoint),
  };
}
