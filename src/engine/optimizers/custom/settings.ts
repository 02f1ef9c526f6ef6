/** Settings of a step that runs an optimizer of the user's own. */
import * as z from 'zod';
import { askedModel } from '../../ask.ts';
import { count, countOrNone } from '../../settingSchemas.ts';

export const writtenSchema = z
  .strictObject({
    optimizer: z
      .string()
      .regex(/^[^#]+\.[cm]?[jt]sx?#[^#]+$/, 'must be a file and its export, as in "optimizer.ts#widen"')
      .describe('The optimizer: a file of the workspace and its export, "optimizer.ts#widen".'),
    settings: z
      .record(z.string(), z.json())
      .optional()
      .describe('What the optimizer is given as its settings; its own schema checks them. Default: none.'),
    runs: count.describe('Program runs that it may take, one a row: its limit, and what the price counts.'),
    calls: countOrNone
      .optional()
      .describe('Questions that it may ask an LM by itself: its limit, and what the price counts. Default 0.'),
    lm: z
      .strictObject({
        model: z.string().min(1).describe('The model that its questions go to.'),
        endpoint: z.string().min(1).optional().describe('Its name under "endpoints". Default: the program\'s.'),
      })
      .optional()
      .describe("The LM that its questions go to. Default: the program's model, before any training."),
  })
  .describe('An optimizer of your own: docs/custom-optimizers.md.');

export const settingsSchema = z.object({
  /** `file#export`, from the workspace on. */
  optimizer: z.string(),
  settings: z.record(z.string(), z.json()),
  runs: z.number(),
  calls: z.number(),
  /** `null`: the run's base model. */
  lm: z.object({ model: z.string(), endpoint: z.string().exactOptional() }).nullable(),
});
export type CustomSettings = z.infer<typeof settingsSchema>;

/** Settings, with the key under which they are written. */
export interface KeyedSettings extends CustomSettings {
  readonly key: string;
}

export function resolve(written: z.infer<typeof writtenSchema>): CustomSettings {
  const { optimizer, settings = {}, runs, calls = 0, lm } = written;
  return { optimizer, settings, runs, calls, lm: lm === undefined ? null : askedModel(lm.model, lm.endpoint) };
}
