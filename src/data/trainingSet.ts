/** What a training job learns from, and how. */
import type { TrainingRow } from './trace.ts';

/** Two answers to one prompt: `completion` is the one to prefer. Both end with the row's `end`. */
export interface PreferenceRow extends TrainingRow {
  readonly rejected: string;
}

/** An answer of the policy, and its reward minus the mean of its group. */
export interface RewardedRow extends TrainingRow {
  readonly advantage: number;
}

/** Answers to imitate: cross-entropy of the completions. */
export interface SupervisedSet {
  readonly method: 'supervised';
  readonly rows: readonly TrainingRow[];
}

/** Answers to prefer over others (DPO, arXiv 2305.18290); the model that the job starts from is the reference. */
export interface PreferenceSet {
  readonly method: 'dpo';
  readonly rows: readonly PreferenceRow[];
  /** How closely the reference is kept to; above 0, the smaller the freer. */
  readonly beta: number;
}

/** Answers of the model that the job starts from, to make likelier or less likely (GRPO, arXiv 2402.03300). */
export interface PolicySet {
  readonly method: 'grpo';
  readonly rows: readonly RewardedRow[];
  /** A token whose probability has changed by more than a factor of 1 - low to 1 + high teaches nothing more. */
  readonly clip: { readonly low: number; readonly high: number };
}

export type TrainingSet = SupervisedSet | PreferenceSet | PolicySet;
export type TrainingMethod = TrainingSet['method'];

/** All of them; what a back end does not say that it takes it is not sent. */
export const trainingMethods: readonly TrainingMethod[] = ['supervised', 'dpo', 'grpo'];
