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
