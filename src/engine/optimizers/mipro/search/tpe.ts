/**
 * The tree-structured Parzen estimator over categorical parameters (Bergstra et al. 2011), draw for draw as optuna
 * 5.0.0's `TPESampler(seed, multivariate=True)` with its defaults, maximizing (samplers/_tpe/sampler.py).
 */
import { NumpyRandom } from './numpyRandom.ts';
import { draw, estimatorOf, logProbability } from './parzen.ts';
import type { Parameter, Values } from './space.ts';

export interface Observation {
  readonly values: Values;
  /** The higher the better. */
  readonly score: number;
}

/** Trials that there have to be before values are drawn from what they show. */
const startTrials = 10;
const candidates = 24;
/** Candidates whose ratios differ by less are equal: what decides between them are the last bits of logarithms. */
const tie = 1e-9;

export class TpeSampler {
  readonly #parameters: readonly Parameter[];
  readonly #startRandom: NumpyRandom;
  readonly #random: NumpyRandom;

  /**
   * @param parameters in the order in which they are asked for.
   * @param seed a whole number from 0 to 2³² − 1.
   */
  constructor(parameters: readonly Parameter[], seed: number) {
    this.#parameters = parameters;
    this.#startRandom = new NumpyRandom(seed);
    this.#random = new NumpyRandom(seed);
  }

  /**
   * Draws the values of the next trial.
   * @param observations of all trials so far, in their order.
   * @returns the best candidate, and after it those that count as equal.
   */
  next(observations: readonly Observation[]): readonly Values[] {
    const open = this.#parameters.filter(({ choices }) => choices > 1);
    if (open.length === 0) return [this.#parameters.map(() => 0)];
    return observations.length < startTrials ? [this.#startValues()] : this.#sampled(observations, open);
  }

  /** Each choice as likely as any other (samplers/_random.py: the largest of as many uniform numbers as there are choices). */
  #startValues(): Values {
    return this.#parameters.map(({ choices }) => {
      if (choices === 1) return 0;
      const drawn = this.#startRandom.uniforms(choices);
      return drawn.indexOf(Math.max(...drawn));
    });
  }

  #sampled(observations: readonly Observation[], open: readonly Parameter[]): readonly Values[] {
    const joint = [...open].sort((a, b) => (a.name < b.name ? -1 : 1));
    const places = joint.map((parameter) => this.#parameters.indexOf(parameter));
    const choices = joint.map((parameter) => parameter.choices);
    const { below, above } = split(observations);
    const estimator = (of: readonly Observation[]) =>
      estimatorOf(
        choices,
        of.map(({ values }) => places.map((place) => values[place]!)),
      );
    const [better, worse] = [estimator(below), estimator(above)];
    const drawn = draw(better, this.#random, candidates);
    const ratios = drawn.map((values) => logProbability(better, values) - logProbability(worse, values));
    const best = Math.max(...ratios);
    const equal = distinct([drawn[ratios.indexOf(best)]!, ...drawn.filter((_, i) => best - ratios[i]! < tie)]);
    return equal.map((values) => this.#parameters.map((_, place) => values[places.indexOf(place)] ?? 0));
  }
}

/** The best tenth (of equal ones the earlier), at most 25, and the others, both in the order of the trials. */
function split(observations: readonly Observation[]): {
  readonly below: readonly Observation[];
  readonly above: readonly Observation[];
} {
  const count = Math.min(Math.ceil(0.1 * observations.length), 25);
  const best = new Set([...observations].sort((a, b) => b.score - a.score).slice(0, count));
  return { below: observations.filter((of) => best.has(of)), above: observations.filter((of) => !best.has(of)) };
}

function distinct(of: readonly Values[]): readonly Values[] {
  const keys = of.map((values) => values.join());
  return of.filter((_, i) => keys.indexOf(keys[i]!) === i);
}
