/** What MIPROv2's sampler draws, against recorded studies of optuna and numbers of numpy (test/goldens). */
import { describe, expect, it } from 'vitest';
import { NumpyRandom, pairwiseSum } from '../../../../src/engine/optimizers/mipro/search/numpyRandom.ts';
import { estimatorOf, logProbability } from '../../../../src/engine/optimizers/mipro/search/parzen.ts';
import { parametersOf } from '../../../../src/engine/optimizers/mipro/search/space.ts';
import { TpeSampler } from '../../../../src/engine/optimizers/mipro/search/tpe.ts';
import goldens from '../../../goldens/mipro.json' with { type: 'json' };

type Drawn = Readonly<Record<'uniform' | 'choice' | 'rand', readonly number[]>>;
type Recorded = readonly (readonly [readonly number[], number])[];

/** As recordMipro.py has them: each parameter one of a predictor's own. */
function parameters(choices: readonly number[]) {
  return parametersOf(choices.map((instructions) => ({ instructions, demoSets: null })));
}

describe("numpy's random numbers", () => {
  it.each(Object.entries<Drawn>(goldens.random))('are its own for seed %s', (seed, { uniform, choice, rand }) => {
    const random = new NumpyRandom(Number(seed));
    expect(random.uniforms(3)).toEqual(uniform);
    expect(random.choices([0.1, 0.2, 0.3, 0.15, 0.25], 12)).toEqual(choice);
    expect(random.uniforms(3)).toEqual(rand);
  });

  it.each([-1, 2 ** 32, 0.5, NaN])('take no seed %d', (seed) => {
    expect(() => new NumpyRandom(seed)).toThrow(`seed ${seed}: numpy's random numbers take a whole number from 0 to`);
  });

  it.each(Object.entries(goldens.sums))(
    '%s numbers add up to what numpy makes of them, to the last bit',
    (count, sum) => {
      const numbers = Array.from({ length: Number(count) }, (_, place) => 1 / (place * place + 3));
      expect(pairwiseSum(numbers)).toBe(sum);
    },
  );
});

describe("optuna's sampler", () => {
  it.each(goldens.studies)(
    'draws the same values in a study over $choices, seed $seed',
    ({ choices, seed, trials }) => {
      const sampler = new TpeSampler(parameters(choices), seed);
      const recorded = trials as unknown as Recorded;
      const drawn = recorded.map((_, place) =>
        sampler.next(recorded.slice(0, place).map(([values, score]) => ({ values, score }))),
      );
      // Where several count as equal, the first of them is a matter of the platform's logarithms.
      drawn.forEach((equal, place) => expect(equal, `trial ${place}`).toContainEqual(recorded[place]![0]));
      const sure = drawn.filter((equal) => equal.length === 1);
      expect(sure.length).toBeGreaterThan(recorded.length * 0.7);
    },
  );

  it('draws in the order of the names, of which "10_…" comes before "1_…"', () => {
    const names = parameters(new Array<number>(11).fill(2)).map(({ name }) => name);
    expect([...names].sort().slice(0, 3)).toEqual([
      '0_predictor_instruction',
      '10_predictor_instruction',
      '1_predictor_instruction',
    ]);
  });

  it('draws nothing where there is nothing to choose', () => {
    const sampler = new TpeSampler(parameters([1, 1]), 0);
    for (const count of [0, 9, 10, 40]) {
      const observations = Array.from({ length: count }, () => ({ values: [0, 0], score: 1 }));
      expect(sampler.next(observations)).toEqual([[0, 0]]);
    }
  });

  it('learns that one choice is better than the others', () => {
    const sampler = new TpeSampler(parameters([4]), 1);
    const observations = Array.from({ length: 40 }, (_, i) => ({ values: [i % 4], score: i % 4 === 2 ? 90 : 10 }));
    const drawn = Array.from({ length: 20 }, () => sampler.next(observations)[0]![0]);
    expect(drawn).toEqual(new Array<number>(20).fill(2));
  });
});

describe('an estimator of probabilities', () => {
  const probability = (observations: readonly (readonly number[])[], values: readonly number[]) =>
    Math.exp(logProbability(estimatorOf([2, 3], observations), values));
  const all = [0, 1].flatMap((one) => [0, 1, 2].map((other) => [one, other]));

  it('is uniform without observations', () => {
    for (const values of all) expect(probability([], values)).toBeCloseTo(1 / 6, 12);
  });

  it.each([1, 24, 25, 26, 40])('adds up to 1 with %i observations', (count) => {
    const observations = Array.from({ length: count }, (_, i) => [i % 2, (i * i) % 3]);
    const total = all.reduce((sum, values) => sum + probability(observations, values), 0);
    expect(total).toBeCloseTo(1, 12);
  });

  it('forgets the oldest of many observations', () => {
    const observations = [...new Array<number[]>(15).fill([0, 0]), ...new Array<number[]>(25).fill([1, 1])];
    const { weights } = estimatorOf([2, 3], observations);
    expect(weights).toHaveLength(41);
    expect(weights[0]! / weights[40]!).toBeCloseTo(1 / 40, 12);
    expect(weights[14]).toBe(weights[40]);
    expect(new Set(weights.slice(15))).toEqual(new Set([weights[40]]));
  });
});
