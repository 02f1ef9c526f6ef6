/** Settings of a fine-tuning step (BootstrapFinetune). */
import * as z from 'zod';
import { keptLora, resolveLora, writtenLora } from '../../loraSettings.ts';
import type { EndpointFacts } from '../../optimizer.ts';
import {
  count,
  keptTeacher,
  positive,
  resolveTeacher,
  rounds,
  roundTemperature,
  writtenTeacher,
} from '../../settingSchemas.ts';

const promptKinds = ['vanilla', 'instructions', 'current', 'both'] as const;

export const writtenSchema = z
  .strictObject({
    examples: z
      .enum(['all', 'train'])
      .optional()
      .describe(
        'Examples to collect traces on: "all" (default) or "train" (without V of the last prompt step; all after one ' +
          'with "folds", which learns from V too).',
      ),
    rounds,
    roundTemperature,
    prompts: z
      .enum(promptKinds)
      .optional()
      .describe(
        'Prompts of the training rows, which the next step starts from: those of the program as it was written ' +
          '("vanilla"), the instructions that were found and no demos ("instructions"), the current ones, or vanilla and ' +
          'current ("both"). Default vanilla, as in the paper; instructions where an earlier step has changed them.',
      ),
    epochs: count.optional().describe('Passes over the rows. Default 5; on the embedded endpoint 3.'),
    learningRate: positive.optional().describe('Peak learning rate. Default 1e-5; on the embedded endpoint 4e-4.'),
    schedule: z
      .enum(['constant', 'linear', 'cosine'])
      .optional()
      .describe('Learning-rate schedule. Default constant; on the embedded endpoint linear.'),
    batchSize: count.optional().describe('Rows per optimizer step. Default 8; on the embedded endpoint 4.'),
    lora: writtenLora.optional(),
    teacher: writtenTeacher,
  })
  .describe('Weight steps: bootstrap fine-tuning.');

export const settingsSchema = z.object({
  /** `train` leaves out the rows that the last prompt search chose on and did not learn from: see `Carry.validation`. */
  examples: z.enum(['all', 'train']),
  rounds: z.number(),
  roundTemperature: z.number(),
  /** Which prompts the rows are rendered with (paper, algorithm 2, step 4: vanilla); `auto`: see `kindOfPrompts`. */
  prompts: z.enum([...promptKinds, 'auto']),
  epochs: z.number(),
  learningRate: z.number(),
  schedule: z.enum(['constant', 'linear', 'cosine']),
  batchSize: z.number(),
  lora: keptLora,
  teacher: keptTeacher,
});
export type WrittenSettings = z.infer<typeof writtenSchema>;
export type FineTuneSettings = z.infer<typeof settingsSchema>;
export type PromptKind = (typeof promptKinds)[number];

/** Settings for a run. */
export interface FittedSettings extends FineTuneSettings {
  /** Checkpoints of a job that are tried beside its model, at most. */
  readonly checkpoints: number;
}

/** The paper's LoRA settings, or what the embedded trainer does best. */
export function resolve(written: WrittenSettings, endpoint: EndpointFacts): FineTuneSettings {
  const { embedded } = endpoint;
  return {
    examples: written.examples ?? 'all',
    rounds: written.rounds ?? 1,
    roundTemperature: written.roundTemperature ?? 1,
    prompts: written.prompts ?? 'auto',
    epochs: written.epochs ?? (embedded ? 3 : 5),
    learningRate: written.learningRate ?? (embedded ? 4e-4 : 1e-5),
    schedule: written.schedule ?? (embedded ? 'linear' : 'constant'),
    batchSize: written.batchSize ?? (embedded ? 4 : 8),
    lora: resolveLora(written.lora, endpoint),
    teacher: resolveTeacher(written.teacher),
  };
}
