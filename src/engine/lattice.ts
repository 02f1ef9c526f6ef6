import type { ProgramState } from '../data/program.ts';
import { contentHash } from '../base/contentHash.ts';
import { samePrompts, withPromptsOf } from './state.ts';

/** A state and the prefix of the strategy that it completes; '' is the baseline. */
export interface NamedState {
  readonly prefix: string;
  readonly state: ProgramState;
}

/** The prompts of one state on the weights of another. */
export interface LatticePoint {
  readonly key: string;
  /** Prefixes of the first states with these prompts, and with these weights. */
  readonly prompts: string;
  readonly weights: string;
  readonly state: ProgramState;
}

/** How a lattice point is named among the scores of a result. */
export function latticeKey(prompts: string, weights: string): string {
  return `${prompts} × ${weights}`;
}

/**
 * Every prompt set found × every weight set found: a strategy walks one way through this lattice (paper, algorithm 1),
 * and measuring the other points costs no search and no training. Equal prompts, and equal weights, count once, under
 * the name of the first. In the order of the states: prompts first, then weights.
 */
export function latticeOf(states: readonly NamedState[], predictors: readonly string[]): readonly LatticePoint[] {
  const prompts = firstOfEach(states, (a, b) => samePrompts(a, b, predictors));
  const weights = firstOfEach(states, (a, b) => weightsOf(a) === weightsOf(b));
  return prompts.flatMap((prompt) =>
    weights.map((weight) => ({
      key: latticeKey(prompt.prefix, weight.prefix),
      prompts: prompt.prefix,
      weights: weight.prefix,
      state: withPromptsOf(weight.state, prompt.state, predictors),
    })),
  );
}

function firstOfEach(
  states: readonly NamedState[],
  same: (a: ProgramState, b: ProgramState) => boolean,
): readonly NamedState[] {
  return states.filter((one, i) => !states.slice(0, i).some((earlier) => same(earlier.state, one.state)));
}

/** Θ of every predictor. */
function weightsOf({ predictors }: ProgramState): string {
  return contentHash(
    Object.entries(predictors)
      .map(([name, { model }]) => [name, model])
      .sort(),
  );
}

/** The best dev score; the earlier wins ties. What is not scored yet is worse than anything. */
export function bestOnDev<T extends { readonly dev: { readonly score: number } | null }>(
  scored: readonly T[],
): T | undefined {
  const score = ({ dev }: T) => dev?.score ?? Number.NEGATIVE_INFINITY;
  return scored.reduce<T | undefined>(
    (best, one) => (best === undefined || score(one) > score(best) ? one : best),
    undefined,
  );
}
