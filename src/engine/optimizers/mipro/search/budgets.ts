/** DSPy's budgets by name (dspy/teleprompt/mipro_optimizer_v2.py, `AUTO_RUN_SETTINGS` and what is made of them). */

export type Auto = 'light' | 'medium' | 'heavy';

export interface Budget {
  readonly trials: number;
  /** To choose from for each predictor; the program's own counts. */
  readonly instructions: number;
  /** To make; with no demos in the prompts they still show the proposer what the task is like. */
  readonly demoSets: number;
  /** Validation rows, of more a sample is taken. */
  readonly validationAtMost: number;
}

const sizes = {
  light: { candidates: 6, validationAtMost: 100 },
  medium: { candidates: 12, validationAtMost: 300 },
  heavy: { candidates: 18, validationAtMost: 1000 },
} as const;

/** Rows that V must exceed for a budget by name to score trials on minibatches. */
export const minibatchesAbove = 50;

/**
 * @param predictors at least 1.
 * @param zeroShot demos stay out of the prompts: a search for instructions alone.
 */
export function autoBudget(auto: Auto, predictors: number, zeroShot: boolean): Budget {
  const { candidates, validationAtMost } = sizes[auto];
  const variables = predictors * (zeroShot ? 1 : 2);
  return {
    trials: Math.floor(Math.max(2 * variables * Math.log2(candidates), 1.5 * candidates)),
    instructions: zeroShot ? candidates : Math.floor(candidates / 2),
    demoSets: candidates,
    validationAtMost,
  };
}
