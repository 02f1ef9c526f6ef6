/** Settings of a step that learns from rewards (GRPO). */
import * as z from 'zod';
import type { EndpointFacts } from '../../optimizer.ts';
import { count, positive } from '../../settingSchemas.ts';
import { keptLora, resolveLora, writtenLora } from '../../loraSettings.ts';

const fills = ['random', 'last', 'none'] as const;

export const writtenSchema = z
  .strictObject({
    updates: count
      .optional()
      .describe(
        'Policy updates: rounds of rollouts, each with a training job. Default 100; on the embedded endpoint 20.',
      ),
    examplesPerUpdate: count.optional().describe('Training examples of an update. Default 4.'),
    rollouts: count.min(2).optional().describe('Sampled runs of the program on each of them. Default 8.'),
    temperature: z.number().positive().max(2).optional().describe('Sampling temperature of the rollouts. Default 1.0.'),
    fill: z
      .enum(fills)
      .optional()
      .describe(
        'Where a predictor was called less often in some rollouts of an example than in others, what stands for the calls ' +
          'that lack: a call of it in the same rollout drawn at "random" (default), the "last" one, or "none".',
      ),
    clip: z
      .strictObject({
        low: positive.lt(1).optional().describe('Downwards, below 1. Default 0.2.'),
        high: positive.optional().describe('Upwards. Default 0.28.'),
      })
      .optional()
      .describe(
        'How far the probability of a token may change in an update before it teaches nothing more, as a share.',
      ),
    learningRate: positive.optional().describe('Learning rate, constant. Default 1e-5; on the embedded endpoint 1e-4.'),
    batchSize: count.optional().describe('Rows per optimizer step. Default 8.'),
    lora: writtenLora.optional(),
    evaluateEvery: count
      .optional()
      .describe('Updates after which the weights are scored on dev, where the best are chosen. Default 5.'),
  })
  .describe('Learning from rewards: rollouts of the program make its better answers likelier (GRPO).');
export type WrittenSettings = z.infer<typeof writtenSchema>;

export const settingsSchema = z.object({
  updates: z.number(),
  examplesPerUpdate: z.number(),
  rollouts: z.number(),
  temperature: z.number(),
  fill: z.enum(fills),
  clip: z.object({ low: z.number(), high: z.number() }),
  learningRate: z.number(),
  batchSize: z.number(),
  lora: keptLora,
  evaluateEvery: z.number(),
});
export type GrpoSettings = z.infer<typeof settingsSchema>;

/** Four inputs an update as in mmGRPO, DAPO's clip; updates and rates as the size of the model asks. */
export function resolve(written: WrittenSettings, endpoint: EndpointFacts): GrpoSettings {
  const { embedded } = endpoint;
  return {
    updates: written.updates ?? (embedded ? 20 : 100),
    examplesPerUpdate: written.examplesPerUpdate ?? 4,
    rollouts: written.rollouts ?? 8,
    temperature: written.temperature ?? 1,
    fill: written.fill ?? 'random',
    clip: { low: written.clip?.low ?? 0.2, high: written.clip?.high ?? 0.28 },
    learningRate: written.learningRate ?? (embedded ? 1e-4 : 1e-5),
    batchSize: written.batchSize ?? 8,
    lora: resolveLora(written.lora, endpoint),
    evaluateEvery: written.evaluateEvery ?? 5,
  };
}
