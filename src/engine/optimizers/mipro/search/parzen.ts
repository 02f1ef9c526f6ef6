/**
 * Parzen estimators over categorical parameters: a mixture of one kernel an observation and a uniform one, as optuna
 * 5.0.0 makes them (samplers/_tpe/parzen_estimator.py, probability_distributions.py; Bergstra et al. 2011). Sums are
 * made in the order in which numpy makes them.
 */
import type { NumpyRandom } from './numpyRandom.ts';
import { cumulated, pairwiseSum } from './numpyRandom.ts';
import type { Values } from './space.ts';

export interface Estimator {
  /** Of each kernel; they add up to 1. The last kernel is the uniform one, the prior. */
  readonly weights: readonly number[];
  /** By parameter and kernel: the probability of each choice. */
  readonly probabilities: readonly (readonly (readonly number[])[])[];
}

/**
 * @param choices of each parameter.
 * @param observations oldest first, a value for each parameter.
 */
export function estimatorOf(choices: readonly number[], observations: readonly Values[]): Estimator {
  return {
    weights: normalized(observations.length === 0 ? [1] : [...observationWeights(observations.length), 1]),
    probabilities: choices.map((count, parameter) => [
      ...observations.map((values) => kernel(count, observations.length + 1, values[parameter]!)),
      kernel(count, observations.length + 1, null),
    ]),
  };
}

/** Values, one a parameter, drawn from the mixture `count` times. */
export function draw({ weights, probabilities }: Estimator, random: NumpyRandom, count: number): readonly Values[] {
  const kernels = random.choices(weights, count);
  const byParameter = probabilities.map((ofKernels) => {
    const quantiles = random.uniforms(count);
    return kernels.map((place, i) => placeAt(ofKernels[place]!, quantiles[i]!));
  });
  return kernels.map((_, i) => byParameter.map((values) => values[i]!));
}

/** The logarithm of the mixture's probability of these values. */
export function logProbability({ weights, probabilities }: Estimator, values: Values): number {
  const logs = weights.map((weight, place) => {
    const ofParameters = values.map((value, parameter) => Math.log(probabilities[parameter]![place]![value]!));
    return ofParameters.reduce((total, log) => total + log, 0) + Math.log(weight);
  });
  const largest = Math.max(...logs);
  return Math.log(pairwiseSum(logs.map((log) => Math.exp(log - largest)))) + largest;
}

/** All count the same up to 24; of more, the latest 25 do, and those before them the less the older they are. */
function observationWeights(count: number): readonly number[] {
  const steps = count - 25;
  if (steps < 0) return new Array<number>(count).fill(1);
  const [from, latest] = [1 / count, new Array<number>(25).fill(1)];
  const step = (1 - from) / (steps - 1);
  const ramp = Array.from({ length: steps }, (_, i) => (i === 0 ? from : i === steps - 1 ? 1 : i * step + from));
  return [...ramp, ...latest];
}

/** @param observed null: of none, the uniform kernel. */
function kernel(choices: number, kernels: number, observed: number | null): readonly number[] {
  return normalized(Array.from({ length: choices }, (_, choice) => 1 / kernels + (choice === observed ? 1 : 0)));
}

/** The first choice up to which the probabilities add up to `quantile`; the last where rounding leaves less. */
function placeAt(probabilities: readonly number[], quantile: number): number {
  const place = cumulated(probabilities).findIndex((bound) => bound >= quantile);
  return place === -1 ? probabilities.length - 1 : place;
}

function normalized(numbers: readonly number[]): readonly number[] {
  const total = pairwiseSum(numbers);
  return numbers.map((number) => number / total);
}
