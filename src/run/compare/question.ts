/** What a comparison is asked: which strategies with which seeds, on which program, and whether it is the same again. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ComparisonCell } from '../../comparison.ts';
import { nothingSpent } from '../../comparison.ts';
import { withPaths } from '../../config/resolved.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { UsageError } from '../../base/errors.ts';
import { contentHash } from '../../base/contentHash.ts';
import { keptPath } from '../../base/portablePaths.ts';
import { everyStepOf, prefixesOf, stepsIn } from '../../data/strategy.ts';
import { outcomesMean } from '../../engine/meaning.ts';
import type { GivenState } from '../record/importState.ts';
import type { DataHashes } from '../record/manifest.ts';

/** @throws UsageError when one is not a whole number from 0 on. */
export function parseSeeds(text: string): readonly number[] {
  const seeds = text.split(',').map((piece) => {
    const seed = Number(piece);
    if (piece.trim() === '' || !Number.isSafeInteger(seed) || seed < 0) {
      throw new UsageError(`--seeds "${text}": "${piece.trim()}" is no seed. Seeds are whole numbers, as in 0,1,2.`);
    }
    return seed;
  });
  return [...new Set(seeds)];
}

/**
 * The cells in the order of work: seed by seed, so that a comparison that is stopped has whole columns; in a seed the
 * shorter strategies first, so that each finds all but its last step in the memo. One cell at a time: two that share a
 * prefix never work on it side by side.
 */
export function orderedCells(strategies: readonly string[], seeds: readonly number[]): readonly ComparisonCell[] {
  const steps = (strategy: string) => stepsIn(strategy).length;
  const ordered = strategies.toSorted((a, b) => steps(a) - steps(b));
  return seeds.flatMap((seed) => ordered.map((strategy) => waitingCell(strategy, seed)));
}

function waitingCell(strategy: string, seed: number): ComparisonCell {
  return {
    strategy,
    seed,
    status: 'waiting',
    run: null,
    dev: null,
    test: null,
    best: null,
    usage: null,
    spent: nothingSpent,
    seconds: 0,
  };
}

/** The keys of all states that the strategies reach, each once; '' first. */
export function prefixesOfAll(strategies: readonly string[]): readonly string[] {
  return [...new Set(strategies.flatMap((strategy) => prefixesOf(stepsIn(strategy))))];
}

export interface Question {
  /** Strategy and seed of it do not matter. */
  readonly config: ResolvedProgram;
  readonly strategies: readonly string[];
  readonly seeds: readonly number[];
  readonly data: DataHashes;
  /** The state that every strategy starts from, in place of the program as it was written. */
  readonly start?: GivenState;
}

/**
 * Equal for the same command on the same settings and data. With a higher cap, or with the lattice besides, it is still
 * the same question, and so it is in a workspace that was moved.
 */
export function questionHash({ config, strategies, seeds, data, start }: Question, workspace: string): string {
  const kept = (path: string) => keptPath(path, workspace);
  const steps = everyStepOf(strategies).map((name) => [name, config.steps[name]]);
  const settings = { ...withPaths(config, kept), steps, strategy: null, seed: null, budget: null };
  const rows = [data.train, data.dev, data.test].map((each) => each && { ...each, file: kept(each.file) });
  const given = start === undefined ? null : { ...start, from: null };
  return contentHash(['comparison', outcomesMean, settings, strategies, seeds, rows, given]);
}

/** Whether the sources of a program are still what they were. */
export async function sourcesUnchanged(sources: Readonly<Record<string, string>> | null): Promise<boolean> {
  const unchanged = await Promise.all(
    Object.entries(sources ?? {}).map(async ([file, sha256]) => {
      const bytes = await readFile(file).catch(() => null);
      return bytes !== null && createHash('sha256').update(bytes).digest('hex') === sha256;
    }),
  );
  return unchanged.every(Boolean);
}
