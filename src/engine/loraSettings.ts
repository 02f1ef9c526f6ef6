/** LoRA settings of the steps that change weights. */
import * as z from 'zod';
import { count, positive } from './settingSchemas.ts';

export const writtenLora = z
  .strictObject({
    rank: count.optional().describe('Rank of the LoRA matrices. Default: that of "w", else 32.'),
    alpha: positive.optional().describe('LoRA alpha. Default: that of "w", else 64.'),
    targets: z
      .union([z.literal('all-linear'), z.array(z.string().min(1)).min(1)])
      .optional()
      .describe('Modules to adapt: "all-linear" (default on the embedded endpoint) or names (default q_proj, k_proj).'),
  })
  .describe('LoRA settings, where the training service takes them.');

export type WrittenLora = z.output<typeof writtenLora>;

export const keptLora = z.object({
  rank: z.number(),
  alpha: z.number(),
  targets: z.union([z.literal('all-linear'), z.array(z.string())]),
});

/** As the step says, else as the program's `w` does, else the paper's or what the embedded trainer does best. */
export function resolveLora(
  written: WrittenLora | undefined,
  { embedded, lora }: { readonly embedded: boolean; readonly lora?: WrittenLora | undefined },
): z.output<typeof keptLora> {
  const { rank = 32, alpha = 64, targets = embedded ? 'all-linear' : ['q_proj', 'k_proj'] } = { ...lora, ...written };
  return { rank, alpha, targets };
}
