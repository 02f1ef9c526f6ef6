/** numpy's `RandomState`, as far as optuna's samplers draw from it, and numpy's order of summing up. */
import { MersenneTwister } from '../../../mersenneTwister.ts';

const largestSeed = 2 ** 32 - 1;

export class NumpyRandom {
  readonly #twister: MersenneTwister;

  /** @throws RangeError where numpy takes no such seed. */
  constructor(seed: number) {
    if (!Number.isInteger(seed) || seed < 0 || seed > largestSeed) {
      throw new RangeError(`seed ${seed}: numpy's random numbers take a whole number from 0 to ${largestSeed}`);
    }
    this.#twister = MersenneTwister.ofNumber(seed);
  }

  /** `rand(count)`: uniform in [0, 1). `uniform` draws the same between bounds of 0 and 1. */
  uniforms(count: number): number[] {
    return Array.from({ length: count }, () => this.#twister.random());
  }

  /**
   * `choice(len(probabilities), count, p=probabilities)`: places, with replacement.
   * @param probabilities add up to 1.
   */
  choices(probabilities: readonly number[], count: number): number[] {
    const bounds = cumulated(probabilities);
    const last = bounds.at(-1)!;
    const shares = bounds.map((bound) => bound / last);
    // The last share is 1, above all that is drawn.
    return this.uniforms(count).map((drawn) => shares.findIndex((share) => share > drawn));
  }
}

/** `cumsum`: from the first to the last. */
export function cumulated(numbers: readonly number[]): number[] {
  let total = 0;
  return numbers.map((number) => (total += number));
}

/**
 * `sum` of numbers that lie side by side: by eight partial sums, longer ones in two halves
 * (numpy/_core/src/umath/loops_utils.h.src). The order decides the last bit.
 */
export function pairwiseSum(numbers: readonly number[]): number {
  const count = numbers.length;
  if (count < 8) return numbers.reduce((total, number) => total + number, 0);
  if (count > 128) {
    const half = Math.floor(count / 2);
    const cut = half - (half % 8);
    return pairwiseSum(numbers.slice(0, cut)) + pairwiseSum(numbers.slice(cut));
  }
  const whole = count - (count % 8);
  const [a, b, c, d, e, f, g, h] = Array.from({ length: 8 }, (_, lane) => laneSum(numbers, lane, whole)) as Lanes;
  return numbers.slice(whole).reduce((total, number) => total + number, a + b + (c + d) + (e + f + (g + h)));
}

type Lanes = [number, number, number, number, number, number, number, number];

/** Every eighth number from `lane` on. */
function laneSum(numbers: readonly number[], lane: number, end: number): number {
  let total = numbers[lane]!;
  for (let i = lane + 8; i < end; i += 8) total += numbers[i]!;
  return total;
}
