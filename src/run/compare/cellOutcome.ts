/** What a cell's run has come to, read from its own log: the record of a comparison repeats it and never knows better. */
import { existsSync } from 'node:fs';
import type { ComparisonCell, Lattice, Spent } from '../../comparison.ts';
import type { RunResult } from '../../protocol.ts';
import { courseEvents, readEvents } from '../record/eventLog.ts';
import { foldEvents } from '../../view/fold.ts';
import { inspectManifest } from '../record/manifest.ts';
import { isLogSealed } from '../record/logSeal.ts';
import { runFiles } from '../record/runFolder.ts';
import { readSpent } from '../record/spendLedger.ts';
import type { RunView, StepView } from '../../view/runView.ts';

export interface RunReading {
  /** Of a log that this user did not seal, without its result: the run goes on, and finds what it has done. */
  readonly view: RunView;
  /** What counts against the caps. */
  readonly spent: Spent;
}

/** `null` where the run's folder is gone, or never got its manifest. */
export async function readRunSoFar(folder: string): Promise<RunReading | null> {
  const files = runFiles(folder);
  if (!existsSync(files.manifest)) return null;
  const { manifest } = await inspectManifest(folder);
  const { events } = await readEvents(files.events, 0, courseEvents);
  const view = foldEvents(events);
  const proven = view.result === null || isLogSealed(folder) ? view : { ...view, result: null };
  return { view: proven, spent: readSpent(files.spent, manifest.program !== null) };
}

/** The cell of a finished run. */
export function finishedCell(cell: ComparisonCell, { view, spent }: RunReading, result: RunResult): ComparisonCell {
  const step = view.steps.find(({ prefix }) => prefix === cell.strategy);
  const reached = step !== undefined && step.status !== 'skipped';
  const { dev = null, test = null, reason } = result.scores[result.best] ?? {};
  const why = result.scores[cell.strategy]?.reason ?? reason;
  return {
    ...withoutReason(cell),
    status: 'done',
    dev: (reached ? step.evaluations.dev?.score : null) ?? null,
    test: (reached ? step.evaluations.test?.score : null) ?? null,
    ...(why === undefined ? {} : { reason: why }),
    best: { prefix: result.best, dev, test },
    usage: result.usage,
    spent,
    seconds: result.seconds,
  };
}

/** The cell of a run that stopped on the way. */
export function brokenCell<T extends ComparisonCell | Lattice>(
  cell: T,
  reading: RunReading | null,
  status: 'stopped' | 'failed',
  reason: string,
): T {
  const paid = reading === null ? {} : { usage: reading.view.usage, spent: reading.spent };
  return { ...cell, ...paid, status, reason, run: reading === null ? null : cell.run };
}

export function withoutReason<T extends ComparisonCell | Lattice>(cell: T): T {
  const rest = { ...cell };
  delete rest.reason;
  return rest;
}

/** The step that a run broke off in: one that was begun and not finished, else the first that was not measured. */
export function brokenStep({ steps, started }: RunView): StepView | null {
  const open = steps.find(({ prefix, status }) => prefix !== '' && status === 'running');
  return open ?? steps.find((step) => !isMeasured(step, started?.splits.test !== null)) ?? null;
}

/** Nothing is left to do for the state of this step: it was measured, or there is none. */
export function isMeasured({ status, evaluations }: StepView, withTest: boolean): boolean {
  if (status === 'skipped') return true;
  return evaluations.dev !== undefined && (!withTest || evaluations.test !== undefined);
}
