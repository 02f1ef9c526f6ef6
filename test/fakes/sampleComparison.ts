import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { nothingSpent } from '../../src/comparison.ts';
import type { Comparison, ComparisonCell } from '../../src/comparison.ts';
import type { Compared } from '../../src/page/comparisonReader.ts';
import { comparisonsFolder, writeComparison } from '../../src/run/compare/comparisonFolder.ts';
import type { RunLocation } from '../../src/run/record/runFolder.ts';

export const comparedStrategies = ['', 'p', 'p -> w', 'p -> w -> p'] as const;
export const comparedSeeds = [0, 1, 2];

/**
 * A comparison of strategies × seeds, as `bettertogether compare` leaves it when it was stopped before its last cell.
 *
 * @param runs by strategy, then by seed.
 */
export async function writeSampleComparison(
  workspace: string,
  runs: readonly (readonly RunLocation[])[],
): Promise<Compared> {
  const id = '20261123-090000-rivers-cafe';
  const folder = join(comparisonsFolder(workspace), id);
  mkdirSync(folder, { recursive: true });
  const cells = comparedSeeds.flatMap((seed, column) =>
    comparedStrategies.map((strategy, row): ComparisonCell => {
      const value = 45 + 12 * row - 2 * column;
      const score = { score: value, low: value - 12, high: value + 12, n: 60, failed: 0 };
      const last = row === comparedStrategies.length - 1 && column === comparedSeeds.length - 1;
      const usage = { calls: 120 + 80 * row, cached: 40 * row, inputTokens: 9000, outputTokens: 800, usd: 0.02 };
      const common = { strategy, seed, spent: nothingSpent, seconds: 40 + 30 * row };
      if (last) return { ...common, status: 'stopped', run: null, dev: null, test: null, best: null, usage: null };
      const run = runs[row]![column]!.id;
      return { ...common, status: 'done', run, dev: score, test: score, best: null, usage };
    }),
  );
  const comparison: Comparison = {
    v: 1,
    type: 'comparison',
    id,
    created: '2026-11-23T09:00:00.000Z',
    updated: '2026-11-23T09:30:00.000Z',
    program: 'rivers',
    endpoint: 'lab',
    model: 'small-model',
    strategies: [...comparedStrategies],
    seeds: comparedSeeds,
    budget: { calls: 5000, tokens: null, usd: 5 },
    question: '',
    sources: null,
    status: 'stopped',
    stopped: {
      reason: 'budget',
      message: 'The cap of 5,000 calls is reached.',
      rest: { calls: { expected: 310, most: 420 }, usd: null, jobs: 1 },
    },
    cells,
    lattices: [],
  };
  await writeComparison(folder, comparison);
  return { root: workspace, runs: [], id };
}
