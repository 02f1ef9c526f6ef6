/** Settings of a prompt search (BootstrapFewShotWithRandomSearch). */
import * as z from 'zod';
import { rowCounts } from '../../searchRows.ts';
import type { RowCounts } from '../../searchRows.ts';
import {
  count,
  countOrNone,
  folds,
  keptTeacher,
  resolveTeacher,
  rounds,
  roundTemperature,
  writtenTeacher,
} from '../../settingSchemas.ts';
import type { Racing } from '../../validation/race.ts';
import { keptStopping, resolveStopping, writtenStopping } from '../../validation/settings.ts';

export const writtenSchema = z
  .strictObject({
    candidates: count.optional().describe('Candidates with demos from random subsets. Default 6, as in the paper.'),
    maxBootstrappedDemos: countOrNone
      .optional()
      .describe('Demos made from correct traces, per predictor at most. Default 3.'),
    maxLabeledDemos: countOrNone
      .optional()
      .describe('Demos per predictor at most, bootstrapped and labelled together. Default 3; 0: no labelled demos.'),
    rounds,
    roundTemperature,
    train: count.optional().describe('Examples to bootstrap from (T). Default min(100, 30 % of train).'),
    validation: count
      .optional()
      .describe('Examples that candidates are compared on (V), never those of T. Default min(250, 70 % of train).'),
    folds,
    stopping: writtenStopping,
    teacher: writtenTeacher,
  })
  .describe('Prompt steps: bootstrap few-shot with random search.');

export const settingsSchema = z.object({
  /** N random subsets, besides zero-shot, labels only and the unshuffled bootstrap (DSPy: `num_candidate_programs`). */
  candidates: z.number(),
  maxBootstrappedDemos: z.number(),
  maxLabeledDemos: z.number(),
  /** How often an example may be tried until its trace is correct. */
  rounds: z.number(),
  /** Temperature of all tries but the first. */
  roundTemperature: z.number(),
  /** Rows of the shuffled training set to bootstrap on (T); `null`: min(100, 30 %). */
  train: z.number().nullable(),
  /** The next rows, to choose on (V); `null`: min(250, 70 %). */
  validation: z.number().nullable(),
  /** T and V are all rows, in so many folds; `null`: they are apart. Records of older versions lack it. */
  folds: z.number().nullable().default(null),
  stopping: keptStopping,
  teacher: keptTeacher,
});
export type WrittenSettings = z.infer<typeof writtenSchema>;
export type FewShotSettings = z.infer<typeof settingsSchema>;

/** Settings for a training set of a known size. */
export interface SizedSettings extends Omit<FewShotSettings, 'folds' | 'stopping'> {
  readonly train: number;
  readonly validation: number;
  /** T and V are all rows. Left out without folds: searches are remembered under their settings. */
  readonly folds?: number;
  /** Candidates race. Left out where they do not, for the same reason. */
  readonly racing?: Racing;
}

/** As in the paper's settings; labelled and bootstrapped demos together at most 3 (paper, algorithm 2, "Open"). */
export function resolve(written: WrittenSettings): FewShotSettings {
  return {
    candidates: written.candidates ?? 6,
    maxBootstrappedDemos: written.maxBootstrappedDemos ?? 3,
    maxLabeledDemos: written.maxLabeledDemos ?? 3,
    rounds: written.rounds ?? 1,
    roundTemperature: written.roundTemperature ?? 1,
    train: written.train ?? null,
    validation: written.validation ?? null,
    folds: written.folds ?? null,
    stopping: resolveStopping(written.stopping),
    teacher: resolveTeacher(written.teacher),
  };
}

/**
 * Sizes of T and V: by default min(100, 30 %) and min(250, 70 %).
 *
 * @param key see `OptimizerSpec.fit`.
 * @throws UsageError as `rowCounts`.
 */
export function sized(
  { folds: asked, stopping, ...settings }: FewShotSettings,
  size: number,
  key: string,
): SizedSettings {
  const counts = rowCounts({ ...settings, folds: asked }, size, (given) => standardCounts(given, size), key);
  return {
    ...settings,
    ...counts,
    ...(asked === null ? {} : { folds: asked }),
    ...(stopping === 'exact' ? {} : stopping),
  };
}

function standardCounts(asked: Pick<FewShotSettings, 'train' | 'validation'>, size: number): RowCounts {
  const train = asked.train ?? Math.min(100, Math.max(1, Math.floor((3 * size) / 10)), size - (asked.validation ?? 1));
  const validation = asked.validation ?? Math.min(250, Math.floor((7 * size) / 10), Math.max(1, size - train));
  return { train, validation };
}
