/** Settings of a prompt search (BootstrapFewShotWithRandomSearch). */
import * as z from 'zod';
import { UsageError } from '../../../base/errors.ts';
import { checkFolds } from '../../folds.ts';
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
  teacher: keptTeacher,
});
export type WrittenSettings = z.infer<typeof writtenSchema>;
export type FewShotSettings = z.infer<typeof settingsSchema>;

/** Settings for a training set of a known size. */
export interface SizedSettings extends Omit<FewShotSettings, 'folds'> {
  readonly train: number;
  readonly validation: number;
  /** T and V are all rows. Left out without folds: searches are remembered under their settings. */
  readonly folds?: number;
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
    teacher: resolveTeacher(written.teacher),
  };
}

/**
 * Sizes of T and V for a train set of `size` rows. They never overlap (paper, algorithm 2), and are as configured, by
 * default min(100, 30 %) and min(250, 70 %); or with folds both are all rows.
 *
 * @param key see `OptimizerSpec.fit`.
 * @throws UsageError when there are not rows enough, or with folds sizes are configured.
 */
export function sized({ folds: asked, ...settings }: FewShotSettings, size: number, key: string): SizedSettings {
  if (size < 2) {
    throw new UsageError(
      `A prompt step needs at least 2 training rows, one to bootstrap from and one to validate on; there is ${size}.`,
    );
  }
  if (asked !== null) {
    checkFolds({ ...settings, folds: asked }, size, key);
    return { ...settings, train: size, validation: size, folds: asked };
  }
  const { train: askedTrain, validation: askedValidation } = settings;
  const train = askedTrain ?? Math.min(100, Math.max(1, Math.floor((3 * size) / 10)), size - (askedValidation ?? 1));
  const validation = askedValidation ?? Math.min(250, Math.floor((7 * size) / 10), Math.max(1, size - train));
  if (train < 1 || validation < 1 || train + validation > size) {
    const said = (asked: number | null, standard: number) => asked ?? `by default ${standard}`;
    throw new UsageError(
      `"${key}.train" (${said(askedTrain, train)}) and "${key}.validation" (${said(askedValidation, validation)}) ` +
        `together need more than the ${size} rows that train has. Lower one of them.`,
    );
  }
  return { ...settings, train, validation };
}
