/** LoRA settings of the steps that change weights. */
import * as z from 'zod';
import type { EndpointFacts } from './optimizer.ts';
import { count, positive } from './settingSchemas.ts';

export const writtenLora = z
  .strictObject({
    rank: count.optional().describe('Rank of the LoRA matrices. Default 32.'),
    alpha: positive.optional().describe('LoRA alpha. Default 64.'),
    targets: z
      .union([z.literal('all-linear'), z.array(z.string().min(1)).min(1)])
      .optional()
      .describe('Modules to adapt: "all-linear" (default on the embedded endpoint) or names (default q_proj, k_proj).'),
  })
  .describe('LoRA settings, where the training service takes them.');

export const keptLora = z.object({
  rank: z.number(),
  alpha: z.number(),
  targets: z.union([z.literal('all-linear'), z.array(z.string())]),
});

/** The paper's, or what the embedded trainer does best. */
export function resolveLora(
  written: z.output<typeof writtenLora> | undefined,
  { embedded }: EndpointFacts,
): z.output<typeof keptLora> {
  return {
    rank: written?.rank ?? 32,
    alpha: written?.alpha ?? 64,
    targets: written?.targets ?? (embedded ? 'all-linear' : ['q_proj', 'k_proj']),
  };
}
