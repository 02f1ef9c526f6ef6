import type { Comparison } from '../comparison.ts';
import { HumanError } from '../base/errors.ts';
import { readComparison } from '../run/compare/comparisonFolder.ts';
import type { ComparisonLocation } from '../run/compare/comparisonFolder.ts';
import { runLocation, workspaceAround } from '../run/record/runFolder.ts';
import type { Snapshot } from '../viewProtocol/snapshot.ts';
import { openWhole } from './readRun.ts';
import type { RowScores } from './strategyGains.ts';

/** The run of a cell, with what its last state scores row by row. */
export interface ReportedCell {
  readonly strategy: string;
  readonly seed: number;
  readonly snapshot: Snapshot;
  readonly rows: { readonly dev: RowScores; readonly test: RowScores };
}

export interface ReportedComparison {
  readonly comparison: Comparison;
  readonly cells: readonly ReportedCell[];
  /** Why runs are left out. */
  readonly problems: readonly string[];
}

/** @throws HumanError when the record cannot be read; runs that cannot are left out and named. */
export async function readReportedComparison({ folder }: ComparisonLocation): Promise<ReportedComparison> {
  const comparison = await readComparison(folder);
  const cells: ReportedCell[] = [];
  const problems: string[] = [];
  for (const { strategy, seed, run } of comparison.cells) {
    if (run === null) continue;
    try {
      cells.push(await readCell(workspaceAround(folder), strategy, seed, run));
    } catch (error) {
      if (!(error instanceof HumanError)) throw error;
      problems.push(error.message);
    }
  }
  return { comparison, cells, problems };
}

async function readCell(workspace: string, strategy: string, seed: number, run: string): Promise<ReportedCell> {
  const reader = await openWhole(runLocation(workspace, run));
  const rows = (split: 'dev' | 'test'): RowScores =>
    Array.from(
      { length: reader.count(split) },
      (_, example) =>
        reader.details.outcome({ step: strategy, purpose: split, candidate: null, example, round: 0 })?.score ?? null,
    );
  return { strategy, seed, snapshot: reader.snapshot(true), rows: { dev: rows('dev'), test: rows('test') } };
}
