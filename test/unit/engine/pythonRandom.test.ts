import { describe, expect, it } from 'vitest';
import { PythonRandom } from '../../../src/engine/pythonRandom.ts';
import goldens from '../../goldens/pythonRandom.json' with { type: 'json' };

interface Golden {
  random3: number[];
  shuffle20?: number[];
  randint_1_4?: number;
  randint_1_3?: number;
  sample5_of_10?: number[];
  sample3_of_100?: number[];
  sample16_of_200?: number[];
  choice_abc?: string[];
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

describe('PythonRandom draws what CPython draws', () => {
  for (const [seed, golden] of Object.entries(goldens.python_random as Record<string, Golden>)) {
    const make = () => new PythonRandom(seed.startsWith('str:') ? seed.slice(4) : BigInt(seed));
    it(`seed ${seed}`, () => {
      const random = make();
      expect([random.random(), random.random(), random.random()]).toEqual(golden.random3);
      if (golden.shuffle20 === undefined) return;
      expect(make().shuffle(range(20))).toEqual(golden.shuffle20);
      expect(make().randint(1, 4)).toBe(golden.randint_1_4);
      expect(make().randint(1, 3)).toBe(golden.randint_1_3);
      expect(make().sample(range(10), 5)).toEqual(golden.sample5_of_10);
      expect(make().sample(range(100), 3)).toEqual(golden.sample3_of_100);
      expect(make().sample(range(200), 16)).toEqual(golden.sample16_of_200);
      expect(make().choice(['a', 'b', 'c'])).toBe(golden.choice_abc?.[0]);
    });
  }

  it('shuffles cumulatively as BetterTogether does before each step', () => {
    const random = new PythonRandom(0);
    let order = range(18);
    for (const expected of goldens.bettertogether_shuffle_seed0_n18_cumulative) {
      order = random.shuffle(order);
      expect(order).toEqual(expected);
    }
  });

  // `random.Random(seed)`: choices by weight, by equal weights, a sample, a number.
  it.each([
    { seed: 0, weighted: 'ddccccdc', equal: [2, 2, 3, 2], sample: [1, 0], next: 0.7558042041572239 },
    { seed: 1, weighted: 'cddccccd', equal: [1, 1, 3, 2], sample: [0, 1], next: 0.26633056045725956 },
    { seed: 7, weighted: 'cccccccc', equal: [1, 2, 1, 1], sample: [1, 0], next: 0.8268521246720381 },
  ])('chooses by weight, seed $seed', ({ seed, weighted, equal, sample, next }) => {
    const random = new PythonRandom(seed);
    expect(random.choices(['a', 'b', 'c', 'd'], [0.1, 0, 2.5, 1], 8).join('')).toBe(weighted);
    expect(random.choices([1, 2, 3], [1, 1, 1], 4)).toEqual(equal);
    expect(random.sample([0, 1, 2], 2)).toEqual(sample);
    expect(random.random()).toBe(next);
  });

  it('refuses impossible draws', () => {
    expect(() => new PythonRandom(0).choices([1, 2], [0, 0], 1)).toThrow(RangeError);
    expect(() => new PythonRandom(0).choices([1, 2], [1, Infinity], 1)).toThrow(RangeError);
    expect(() => new PythonRandom(0).choices([1, 2], [1], 1)).toThrow(RangeError);
    expect(() => new PythonRandom(0).randint(1, 0)).toThrow(RangeError);
    expect(() => new PythonRandom(0).sample([1], 2)).toThrow(RangeError);
    expect(() => new PythonRandom(0).choice([])).toThrow(RangeError);
  });
});
