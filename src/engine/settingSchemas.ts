/** Settings that several optimizers have, as they are written in `bettertogether.json`. */
import * as z from 'zod';
import { countAtMost } from '../base/limits.ts';

export const count = z.number().int().positive().max(countAtMost);
export const countOrNone = z.number().int().nonnegative().max(countAtMost);
export const positive = z.number().positive();

export const folds = count
  .min(2)
  .optional()
  .describe(
    'For few rows: the step learns from all training rows and chooses on all of them, cut into so many folds; a row is ' +
      'scored without what was learned from its own fold. Instead of "train" and "validation". Default: none.',
  );

export const rounds = count
  .optional()
  .describe('How often an example may be tried until its trace is correct. Default 1.');

export const roundTemperature = z
  .number()
  .min(0)
  .max(2)
  .optional()
  .describe('Sampling temperature of the second and later rounds. Default 1.0.');

/** An LM that runs the program in the place of its own. */
export const teacherLm = z.strictObject({
  model: z.string().min(1).describe('The model that answers in the place of the one that is optimized.'),
  endpoint: z.string().min(1).optional().describe('Its name under "endpoints". Default: the program\'s.'),
});

/** Where a step takes correct traces. */
export const writtenTeacher = teacherLm
  .extend({
    own: z
      .boolean()
      .optional()
      .describe('Whether correct runs of the program on its own LM are taken as well. Default false.'),
  })
  .optional()
  .describe(
    'An LM whose correct runs of the program are learned from. Default: none, the program learns from its own.',
  );

/** As runs keep it; those of earlier versions had none. */
export const keptTeacher = z
  .object({
    model: z.string(),
    /** Left out: the run's own. */
    endpoint: z.string().exactOptional(),
    /** Correct runs of the program on its own LM are taken as well. */
    own: z.boolean(),
  })
  .nullable()
  .default(null);
/** `null`: the program is its own teacher. */
export type KeptTeacher = z.output<typeof keptTeacher>;

export function resolveTeacher(written: z.output<typeof writtenTeacher> | z.output<typeof teacherLm>): KeptTeacher {
  if (written === undefined) return null;
  const { model, endpoint, own = false } = { own: undefined, ...written };
  return endpoint === undefined ? { model, own } : { model, endpoint, own };
}
