/** The lattice of a comparison, seed by seed: every prompt set that its runs found × every weight set. */
import type { Comparison, ComparisonCell, Lattice } from '../../comparison.ts';
import { nothingSpent } from '../../comparison.ts';
import type { NamedState } from '../../engine/lattice.ts';
import { bestOnDev, latticeKey } from '../../engine/lattice.ts';
import type { RunResult } from '../../protocol.ts';
import { runLocation } from '../record/runFolder.ts';
import { readOwnStates } from '../record/stateFile.ts';
import type { RunReading } from './cellOutcome.ts';
import { prefixesOfAll } from './question.ts';

export function waitingLattice(seed: number): Lattice {
  return {
    seed,
    run: null,
    status: 'waiting',
    cells: [],
    best: null,
    usage: null,
    spent: nothingSpent,
    seconds: 0,
  };
}

/** What the runs of one seed have reached, each prefix once; the baseline is every run's own. */
export async function statesFound(
  workspace: string,
  { cells, strategies }: Comparison,
  seed: number,
): Promise<readonly NamedState[]> {
  const runs = cells.filter((cell: ComparisonCell) => cell.seed === seed && cell.run !== null);
  const found = new Map<string, NamedState>();
  for (const { run } of runs) {
    const states = await readOwnStates(runLocation(workspace, run!).folder);
    for (const [prefix, state] of Object.entries(states?.steps ?? {})) {
      if (!found.has(prefix)) found.set(prefix, { prefix, state });
    }
  }
  // In one order whatever the order of work was: it names the points and decides ties.
  return prefixesOfAll(strategies).flatMap((prefix) => (prefix === '' ? [] : (found.get(prefix) ?? [])));
}

/** The lattice as its run has measured it. */
export function finishedLattice(lattice: Lattice, { spent }: RunReading, result: RunResult): Lattice {
  const cells = Object.entries(result.scores).map(([prefix, { dev, test }]) => {
    const [prompts = '', weights = ''] = prefix.split(' × ');
    return { key: latticeKey(prompts, weights), prompts, weights, dev, test };
  });
  const scored = cells.map(({ key, dev }) => ({ key, dev: dev === null ? null : { score: dev } }));
  const best = bestOnDev(scored)?.key ?? null;
  return { ...lattice, status: 'done', cells, best, usage: result.usage, spent, seconds: result.seconds };
}
