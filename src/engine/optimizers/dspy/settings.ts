/** Settings of a step that runs an optimizer of DSPy's. */
import * as z from 'zod';
import { rowCounts } from '../../searchRows.ts';
import type { AskedRows, RowCounts } from '../../searchRows.ts';
import { count } from '../../settingSchemas.ts';

export const writtenSchema = z
  .strictObject({
    optimizer: z
      .string()
      .regex(
        /^[^#]+\.(?:py|ipynb)#[^#]+$/,
        'must be a Python file or notebook and its function, as in "program.py#make_optimizer"',
      )
      .describe(
        'A function that returns the optimizer: a file of the workspace and its name, "program.py#make_optimizer".',
      ),
    compile: z
      .record(z.string(), z.json())
      .optional()
      .describe('Arguments of the optimizer\'s "compile", by name, besides program and rows. Default: none.'),
    calls: count.describe(
      'LM calls that it may take, those of the program and its own together: its limit, and what the price counts.',
    ),
    train: count.optional().describe('Rows to learn from (T). Default: those that are left of train.'),
    validation: count
      .optional()
      .describe(
        'Rows to choose on (V), where the optimizer takes such rows; others learn from them too. Default min(250, 50 % of train).',
      ),
  })
  .describe("An optimizer of DSPy's: docs/dspy-optimizers.md.");

export const settingsSchema = z.object({
  /** `file#function`, from the workspace on. */
  optimizer: z.string(),
  compile: z.record(z.string(), z.json()),
  calls: z.number(),
  train: z.number().nullable(),
  validation: z.number().nullable(),
});
export type DspySettings = z.infer<typeof settingsSchema>;

/** Settings for a training set of a known size, with the key under which they are written. */
export interface SizedSettings extends DspySettings {
  readonly train: number;
  readonly validation: number;
  readonly key: string;
}

export function resolve(written: z.infer<typeof writtenSchema>): DspySettings {
  const { optimizer, compile = {}, calls, train = null, validation = null } = written;
  return { optimizer, compile, calls, train, validation };
}

/** @throws UsageError as `rowCounts`. */
export function sized(settings: DspySettings, rows: number, key: string): SizedSettings {
  const { train, validation } = settings;
  const counts = rowCounts({ train, validation, folds: null }, rows, (asked) => standardCounts(asked, rows), key);
  return { ...settings, ...counts, key };
}

function standardCounts(asked: Pick<AskedRows, 'train' | 'validation'>, rows: number): RowCounts {
  const validation = asked.validation ?? Math.min(250, Math.floor(rows / 2), Math.max(1, rows - (asked.train ?? 1)));
  return { train: asked.train ?? Math.max(1, rows - validation), validation };
}
