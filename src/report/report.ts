/** A report of a run or a comparison, as text of a file. */
import type { ComparisonLocation } from '../run/compare/comparisonFolder.ts';
import type { RunLocation } from '../run/record/runFolder.ts';
import { comparisonReport } from './comparisonReport.ts';
import { numbersOf } from './numbers.ts';
import { readReportedComparison } from './readComparison.ts';
import { readReportedRun, readSnapshot } from './readRun.ts';
import { runReport } from './runReport.ts';

export type Reported =
  | { readonly kind: 'run'; readonly run: RunLocation }
  | { readonly kind: 'comparison'; readonly comparison: ComparisonLocation };

/** @throws HumanError when the record cannot be read. */
export async function reportHtml(reported: Reported, now: Date): Promise<string> {
  const made = now.toISOString();
  return reported.kind === 'run'
    ? runReport(await readReportedRun(reported.run), made)
    : comparisonReport(await readReportedComparison(reported.comparison), made);
}

/** Its numbers: see `numbersOf`. @throws HumanError when the record cannot be read. */
export async function reportCsv(reported: Reported): Promise<string> {
  if (reported.kind === 'run') return numbersOf([await readSnapshot(reported.run)]);
  const { cells } = await readReportedComparison(reported.comparison);
  return numbersOf(cells.map(({ snapshot }) => snapshot));
}

/** `bettertogether-20261129-….html`. */
export function reportFileName(reported: Reported): string {
  return `bettertogether-${reported.kind === 'run' ? reported.run.id : reported.comparison.id}.html`;
}
