/** What a search over instructions and demo sets is given, what it asks of its task, and what a trial of it did. */

/** What one predictor may be given. */
export interface Choices {
  /** Instructions to choose from; place 0 is the program's own. At least 1. */
  readonly instructions: number;
  /** Demo sets to choose from; place 0 has no demos. `null`: demos stay as they are (a search for instructions alone). */
  readonly demoSets: number | null;
}

/** What one predictor is given, as places in its `Choices`. */
export interface Choice {
  readonly instruction: number;
  readonly demoSet: number | null;
}

/** One choice a predictor, in the order of the predictors. */
export type Combination = readonly Choice[];

/** What an evaluation is for. */
export type Purpose =
  /** The program as the search found it, on all validation rows. */
  | { readonly kind: 'start' }
  /** A combination that the sampler drew; on a minibatch, or on all validation rows where there are no minibatches. */
  | { readonly kind: 'trial'; readonly combination: Combination }
  /** The combination with the best mean over minibatches that had no full evaluation yet, on all validation rows. */
  | { readonly kind: 'full'; readonly combination: Combination };

export interface Evaluation {
  readonly purpose: Purpose;
  /** Places in V. */
  readonly rows: readonly number[];
  /**
   * Where nothing is drawn from the score any more: what it has to exceed to matter. Once it cannot, the task may stop
   * and say `null`. `null`: the score is needed, whatever it is.
   */
  readonly mustExceed: number | null;
}

/** What a search works on. */
export interface SearchTask {
  /** Per cent of the metric's range, to two decimals as in DSPy; rows are run side by side. */
  evaluate(evaluation: Evaluation): Promise<number | null>;
}

export interface SearchSetup {
  /** By predictor, in the order of the program. At least one. */
  readonly choices: readonly Choices[];
  /** Rows in V. */
  readonly validation: number;
  /** Combinations that are drawn (DSPy: `num_trials`; full evaluations come on top). */
  readonly trials: number;
  /** Rows that a trial is scored on, and after how many trials the best of them is scored on all; `null`: always on all. */
  readonly minibatch: { readonly size: number; readonly fullEvery: number } | null;
  /** Of the sampler (optuna's `TPESampler`): a whole number from 0 to 2³² − 1. */
  readonly seed: number;
}

/** A trial as the study holds it. */
export interface Trial {
  readonly kind: Purpose['kind'];
  /** Of the start: place 0 of everything, as DSPy enters it. */
  readonly combination: Combination;
  readonly rows: readonly number[];
  /** `null`: stopped, because it could not win any more. */
  readonly score: number | null;
}

export interface Found {
  /** `null`: nothing was better than the program as the search found it. */
  readonly combination: Combination | null;
  /** On all validation rows. */
  readonly score: number;
  readonly trials: readonly Trial[];
}
