/** What an optimizer says a step will take, and what it says that with. */
import type { AskedModel } from './ask.ts';
import type { Sample } from './sample.ts';

/**
 * `expected` assumes the sample's success rate and no early stopping; `most` that nothing ever succeeds before the last
 * try, and that prompts have as many demos as they may.
 */
export interface Estimate {
  readonly expected: number;
  readonly most: number;
}

/** `null` where a part of it is not known. */
export function plus(a: Estimate | null, b: Estimate | null): Estimate | null {
  return a === null || b === null ? null : { expected: a.expected + b.expected, most: a.most + b.most };
}

/** So many times an estimate, or such a share of it. */
export function times<E extends Estimate | null>(estimate: E, factor: number): E | Estimate {
  return estimate === null ? estimate : { expected: estimate.expected * factor, most: estimate.most * factor };
}

export interface PlanPrices {
  /** US dollars of so many tokens of calls; `null` where no price is known. @param of default: what the program asks. */
  call(inputTokens: number, outputTokens: number, of?: AskedModel): number | null;
  /** US dollars of a job. */
  training(tokens: number): number | null;
}

export interface PlanSizes {
  readonly train: number;
  readonly dev: number;
  readonly test: number;
}

/** Program runs with so many demos in each prompt that the sample's did not have. */
export interface Runs {
  readonly runs: Estimate;
  readonly demos: Estimate;
  /** See `Prompts.longer`. Default: as the step finds them. */
  readonly longer?: Estimate;
  /** See `RunTask.asks`. */
  readonly of?: AskedModel;
}

export const noDemos: Estimate = { expected: 0, most: 0 };

/** The prompts of the program as a step leaves it. */
export interface Prompts {
  /** Demos that were found; `null`: none, the program is as it was sampled. */
  readonly demos: Estimate | null;
  /** A step may have changed instructions. */
  readonly instructions: boolean;
  /** Tokens of a call's instruction that the sample's did not have; left out: none. */
  readonly longer?: Estimate;
}

/** What an optimizer estimates with. */
export interface PlanContext {
  readonly sizes: PlanSizes;
  readonly sample: Sample;
  readonly prices: PlanPrices;
  /** As the step finds them. */
  readonly prompts: Prompts;
}

export interface PlannedJob {
  /** Jobs that the rows are of, at most. Default 1. */
  readonly jobs?: number;
  readonly rows: Estimate;
  readonly tokens: Estimate | null;
  readonly usd: Estimate | null;
}

/** Calls that a step makes by itself (`StepContext.ask`). */
export interface PlannedCalls {
  readonly calls: Estimate;
  /** Per call. */
  readonly inputTokens: Estimate;
  readonly outputTokens: Estimate;
  /** Default: the run's base model. */
  readonly of?: AskedModel;
}

/** What a step takes. */
export interface StepPlan {
  readonly runs: readonly Runs[];
  readonly calls?: readonly PlannedCalls[];
  /** As the step leaves them. */
  readonly prompts: Prompts;
  readonly training?: PlannedJob;
}

/** How often an example is run until its trace is correct. */
export function tries(correct: number, rounds: number): number {
  return Math.min(rounds, (1 - (1 - correct) ** rounds) / Math.max(correct, 1e-9));
}

/** Tokens and price of a job. @param row tokens that one row is trained on, over all epochs */
export function pricedJob(
  rows: Estimate,
  row: (key: keyof Estimate) => number,
  prices: Pick<PlanPrices, 'training'>,
): PlannedJob {
  const tokensOf = (key: keyof Estimate) => Math.round(rows[key] * row(key));
  const tokens = { expected: tokensOf('expected'), most: tokensOf('most') };
  const [expected, most] = [prices.training(tokens.expected), prices.training(tokens.most)];
  return { rows, tokens, usd: expected === null || most === null ? null : { expected, most } };
}

export const both = (value: number): Estimate => ({ expected: value, most: value });
