import { expect, it } from 'vitest';
import { optimizeInDisorder, ways } from '../unit/engine/disorder.ts';

const seed = Number(process.env['SOAK_SEED'] ?? new Date().toISOString().slice(0, 10).replaceAll('-', ''));
const seeds = Math.max(1, Math.round(50 * Number(process.env['SOAK_SCALE'] ?? 1)));

it('winner, scores and final state are the same, whatever the order of answers and the number in flight', async () => {
  const different = new Set<string>();
  for (let at = 0; at < seeds; at++) {
    const [first, ...others] = ways;
    const expected = await optimizeInDisorder(seed + at, first!);
    different.add(JSON.stringify(expected));
    for (const way of others) {
      expect(await optimizeInDisorder(seed + at, way), `seed ${seed + at}, ${way.name}`).toEqual(expected);
    }
  }
  // Seeds that all found the same would show nothing.
  expect(different.size).toBeGreaterThan(seeds / 2);
  process.stdout.write(`soak: seeds ${seed} to ${seed + seeds - 1}, ${ways.length} ways each: the same result\n`);
});
