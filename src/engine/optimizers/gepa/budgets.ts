/** GEPA's budgets in words, in program runs that are scored (dspy/teleprompt/gepa/gepa.py, `GEPA.auto_budget`). */
import * as z from 'zod';

export const autoSchema = z.enum(['light', 'medium', 'heavy']);
export type Auto = z.infer<typeof autoSchema>;

/** How many candidates DSPy would have for MIPROv2, whose arithmetic it is. */
const candidatesOf: Readonly<Record<Auto, number>> = { light: 6, medium: 12, heavy: 18 };
const minibatch = 35;
const fullEvery = 5;

/** @param predictors those whose instructions are rewritten. @param validation rows that candidates are compared on. */
export function autoBudget(auto: Auto, predictors: number, validation: number): number {
  const candidates = candidatesOf[auto];
  const trials = Math.floor(Math.max(4 * predictors * Math.log2(candidates), 1.5 * candidates));
  const onAllRows = 1 + Math.floor((trials + 1) / fullEvery) + 1;
  return onAllRows * validation + 5 * candidates + trials * minibatch;
}
