/** Settings of a reflective search for instructions (GEPA). */
import * as z from 'zod';
import { UsageError } from '../../../base/errors.ts';
import type { EndpointFacts } from '../../optimizer.ts';
import { checkProposer, keptProposer, resolveProposer, writtenProposer } from '../../proposer/settings.ts';
import { rowCounts } from '../../searchRows.ts';
import type { RowCounts } from '../../searchRows.ts';
import { count, countOrNone, folds, keptTeacher, resolveTeacher, teacherLm } from '../../settingSchemas.ts';
import { autoBudget, autoSchema } from './budgets.ts';
import { mostOfIteration } from './search/cap.ts';
import type { SearchSetup } from './search/terms.ts';

export const writtenSchema = z
  .strictObject({
    auto: autoSchema
      .optional()
      .describe(
        'The budget in words, that of dspy.GEPA: with 100 validation rows 780, 1190 or 1735 program runs for one predictor, more ' +
          'for several. Default "light".',
      ),
    rollouts: count
      .optional()
      .describe('The budget in program runs that are scored, instead of "auto". It is never gone beyond.'),
    minibatch: count.optional().describe('Rows that a proposal is made from and first tried on. Default 3.'),
    skipPerfect: z.boolean().optional().describe('Whether a minibatch without a mistake is passed over. Default true.'),
    merge: countOrNone
      .optional()
      .describe(
        'Candidates put together of two others that are kept at most. Default 0: none are tried, for they often do harm.',
      ),
    proposer: writtenProposer
      .optional()
      .describe('Who writes new instructions, from what happened under the present ones.'),
    teacher: teacherLm
      .optional()
      .describe(
        'A larger LM that runs the program on the rows of a minibatch that went wrong, besides "rollouts": the proposer sees ' +
          'how it did where it did better. Default: none.',
      ),
    folds: folds.describe(
      'For few rows: the step learns from all training rows and chooses on all of them, as DSPy does without a valset, whatever ' +
        'the number; a row that a candidate was made from counts a quarter. Instead of "train" and "validation". Default: none.',
    ),
    train: count.optional().describe('Rows to learn from (T). Default: those that are left of train.'),
    validation: count
      .optional()
      .describe('Rows that candidates are compared on (V), never those of T. Default min(100, 50 % of train).'),
  })
  .describe('Reflective search: an LM reads what happened and rewrites the instructions (GEPA).');
export type WrittenSettings = z.infer<typeof writtenSchema>;

export const settingsSchema = z.object({
  /** `null`: the budget is given in `rollouts`. */
  auto: autoSchema.nullable(),
  rollouts: z.number().nullable(),
  minibatch: z.number(),
  skipPerfect: z.boolean(),
  /** Merged candidates that are kept at most. */
  merge: z.number(),
  proposer: keptProposer,
  teacher: keptTeacher,
  /** T and V are all rows, whatever the number; `null`: they are apart. */
  folds: z.number().nullable(),
  train: z.number().nullable(),
  validation: z.number().nullable(),
});
export type GepaSettings = z.infer<typeof settingsSchema>;

/** Settings for a training set of a known size. */
export interface SizedSettings extends GepaSettings {
  readonly train: number;
  readonly validation: number;
}

/** As dspy.GEPA's, but that merges are off (dspy/teleprompt/gepa/gepa.py). */
export function resolve(written: WrittenSettings, endpoint: EndpointFacts): GepaSettings {
  const { auto, rollouts = null, merge = 0 } = written;
  return {
    auto: auto ?? (rollouts === null ? 'light' : null),
    rollouts,
    minibatch: written.minibatch ?? 3,
    skipPerfect: written.skipPerfect ?? true,
    merge,
    proposer: resolveProposer(written.proposer, endpoint),
    teacher: resolveTeacher(written.teacher),
    folds: written.folds ?? null,
    train: written.train ?? null,
    validation: written.validation ?? null,
  };
}

/**
 * Sizes of T and V, by default min(100, 50 %) for V and the rest for T.
 *
 * @param key see `OptimizerSpec.fit`.
 * @throws UsageError as `rowCounts`, and for a budget in which nothing can be proposed.
 */
export function sized(settings: GepaSettings, size: number, key: string): SizedSettings {
  checkTogether(settings, key);
  const counts = rowCounts(settings, size, (asked) => standardCounts(asked, size), key);
  checkBudget({ ...settings, ...counts }, key);
  return { ...settings, ...counts };
}

function standardCounts(asked: Pick<GepaSettings, 'train' | 'validation'>, size: number): RowCounts {
  const half = Math.min(100, Math.floor(size / 2), size - (asked.train ?? 1));
  const validation = asked.validation ?? Math.max(1, half);
  return { train: asked.train ?? size - validation, validation };
}

/** The budget in program runs for so many predictors; one in words is always enough for a proposal. */
export function rolloutsOf(settings: SizedSettings, predictors: number): number {
  const { auto, rollouts, validation } = settings;
  return rollouts ?? Math.max(autoBudget(auto ?? 'light', predictors, validation), leastOf(settings));
}

/** What a single proposal takes. */
function leastOf({ validation, minibatch, merge }: Omit<SizedSettings, 'train'>): number {
  return validation + mostOfIteration({ minibatch, rows: { validation }, merge: atMost(merge) });
}

function checkTogether({ auto, rollouts, proposer }: GepaSettings, key: string): void {
  if (auto !== null && rollouts !== null) {
    throw new UsageError(`"${key}.auto" and "${key}.rollouts" both say the budget. Remove one of them.`);
  }
  checkProposer(proposer, key);
}

function checkBudget(settings: Omit<SizedSettings, 'train'>, key: string): void {
  const { rollouts, minibatch, validation } = settings;
  const least = leastOf(settings);
  if (rollouts === null || rollouts >= least) return;
  throw new UsageError(
    `"${key}.rollouts" (${rollouts}) is too little for a single proposal: the program takes ${validation} runs on the ` +
      `validation rows, a proposal ${2 * minibatch} on its minibatch, and ${validation} more if it is accepted. ` +
      `Raise it to ${least} or more (some 10 times that is usual), or lower "${key}.validation".`,
  );
}

/** As the search is given it. */
export function atMost(merge: GepaSettings['merge']): SearchSetup['merge'] {
  return merge === 0 ? null : { atMost: merge };
}
