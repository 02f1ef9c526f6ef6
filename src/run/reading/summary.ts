import { UsageError, messageOf } from '../../base/errors.ts';
import * as l10n from '../../base/l10n.ts';
import type { LoggedEvent, RunResult } from '../../protocol.ts';
import { LaterForm } from '../../data/record.ts';
import { eachPiece } from '../record/eventLog.ts';
import { foldEvents } from '../../view/fold.ts';
import { livingHolder } from '../record/lock.ts';
import type { LockHolder } from '../record/lock.ts';
import { inspectManifest } from '../record/manifest.ts';
import type { Manifest } from '../record/manifest.ts';
import { listRuns, runFiles } from '../record/runFolder.ts';
import { readSpent } from '../record/spendLedger.ts';
import type { RunLocation } from '../record/runFolder.ts';
import { moreEvents } from './runTail.ts';
import { emptyView, withNote } from '../../view/runView.ts';
import type { RunView } from '../../view/runView.ts';

/** `crashed`: the log ends in the middle and no process is at it. */
export type RunStatus = 'running' | 'finished' | 'stopped' | 'crashed';

export interface RunSummary {
  readonly run: RunLocation;
  readonly manifest: Manifest;
  /** This user began it on this machine, or took it over; else it can only be looked at. */
  readonly madeHere: boolean;
  readonly view: RunView;
  readonly status: RunStatus;
  /** Of the process that works on it. */
  readonly pid: number | null;
}

/** @throws UsageError when the run's manifest cannot be read. */
export async function readRun(run: RunLocation): Promise<RunSummary> {
  const files = runFiles(run.folder);
  const { manifest, madeHere } = await inspectManifest(run.folder);
  const holder = workerOf(run);
  const view = await viewOf(files.events);
  return { run, manifest, madeHere, view, status: statusOf(view, holder !== null), pid: holder?.pid ?? null };
}

/** Events that each are sound may still make no run: their file is named then. */
export function foldLog(events: Iterable<LoggedEvent>, file: string, view?: RunView): RunView {
  try {
    return foldEvents(events, view);
  } catch (error) {
    throw new UsageError(`${file} is damaged: ${messageOf(error)}`, error);
  }
}

/** The picture that a log adds up to. @throws HumanError naming a line that is no event. */
async function viewOf(file: string): Promise<RunView> {
  let view = emptyView;
  const { leftOut } = await eachPiece(file, {}, ({ events }) => {
    view = foldLog(events, file, view);
  });
  return leftOut ? withNote(view, moreEvents) : view;
}

export interface UnreadableRun {
  readonly run: RunLocation;
  readonly reason: string;
  /** Its form is of a later version; `null`: something else is the matter. */
  readonly later: LaterForm | null;
}

export interface LaterRun extends UnreadableRun {
  readonly later: LaterForm;
}

/** Runs in a form that later versions alone read, oldest first. */
export async function laterRuns(workspace: string): Promise<readonly LaterRun[]> {
  const looked = (await listRuns(workspace)).map(async (run) => {
    const error = await inspectManifest(run.folder).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    return laterRun(run, error) ?? [];
  });
  return (await Promise.all(looked)).flat();
}

/** @param error what reading the run threw. @returns `null`: something else is the matter than a later form. */
export function laterRun(run: RunLocation, error: unknown): LaterRun | null {
  const later = laterFormBehind(error);
  return later === null ? null : { run, reason: messageOf(error), later };
}

const laterFormBehind = (error: unknown): LaterForm | null =>
  error instanceof Error && error.cause instanceof LaterForm ? error.cause : null;

/** "of a later version (0.9.0)". */
export const ofLaterVersion = ({ version }: LaterForm): string =>
  version === null ? l10n.t('of a later version') : l10n.t`of a later version (${version})`;

/** All runs that can be read, oldest first, and the folders that cannot, with the reason. */
export async function readRuns(workspace: string): Promise<{
  readonly runs: readonly RunSummary[];
  readonly unreadable: readonly UnreadableRun[];
}> {
  const runs: RunSummary[] = [];
  const unreadable: UnreadableRun[] = [];
  for (const run of await listRuns(workspace)) {
    try {
      runs.push(await readRun(run));
    } catch (error) {
      unreadable.push({ run, reason: messageOf(error), later: laterFormBehind(error) });
    }
  }
  return { runs, unreadable };
}

/**
 * Why it is not known what this user's run has spent, with what to do; `null`: it is known, or a process is at it, or the run
 * is another user's.
 */
export function accountFault({ run, manifest, madeHere, status }: RunSummary): string | null {
  if (!madeHere || status === 'running') return null;
  try {
    readSpent(runFiles(run.folder).spent, manifest.program !== null);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

/** The living process that works on the run, or was started to and is still setting up; `null`: none. */
export function workerOf(run: RunLocation): LockHolder | null {
  const files = runFiles(run.folder);
  return livingHolder(files.lock) ?? livingHolder(files.process);
}

/** A finished run is finished, even while its process puts its things away. */
export function statusOf(view: RunView, alive: boolean): RunStatus {
  if (view.end === 'finished') return 'finished';
  if (alive) return 'running';
  return view.end === 'open' ? 'crashed' : view.end;
}

/** The result of a finished run; `null` while there is none. */
export function resultOf(summary: RunSummary): RunResult | null {
  return summary.view.result;
}
