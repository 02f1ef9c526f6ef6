import { describe, expect, it } from 'vitest';
import { optimizeInDisorder, ways } from './disorder.ts';

describe('winner, scores and final state', () => {
  it.each([1, 2, 3])(
    'do not depend on what is in flight, on the order of answers, or on stops (seed %i)',
    async (seed) => {
      const [first, ...others] = ways;
      const expected = await optimizeInDisorder(seed, first!);
      expect(expected.map(({ prefix }) => prefix)).toEqual(['', 'p', 'p -> w', 'p -> w -> p']);
      for (const way of others) expect(await optimizeInDisorder(seed, way), way.name).toEqual(expected);
    },
  );

  it.each([1, 2])('do not depend on it either where candidates race (seed %i)', async (seed) => {
    const stopping = { racing: { chance: 0.3, loss: 10 } };
    const [first, ...others] = ways;
    const expected = await optimizeInDisorder(seed, first!, stopping);
    for (const way of others) expect(await optimizeInDisorder(seed, way, stopping), way.name).toEqual(expected);
  });
});
