/** What came with a workspace's folder, was made by an earlier version, or before the user's secret was lost. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AdapterLedger } from '../../finetune/serving/adapterLedger.ts';
import type { LedgerEntry } from '../../finetune/serving/adapterLedger.ts';
import { foreignJob } from '../../finetune/command/jobFolder.ts';
import type { ForeignJob } from '../../finetune/command/jobFolder.ts';
import { foreignMemoSize } from '../../lm/memoPrune.ts';
import type { MemoSize } from '../../lm/memoPrune.ts';
import { readComparisons } from '../compare/comparisonFolder.ts';
import type { ComparisonSummary } from '../compare/comparisonFolder.ts';
import { inspectManifest } from '../record/manifest.ts';
import type { Manifest } from '../record/manifest.ts';
import {
  adaptersFolder,
  cacheFolder,
  checkStateFolders,
  listRuns,
  runFiles,
  stateFolder,
} from '../record/runFolder.ts';
import type { RunLocation } from '../record/runFolder.ts';
import { isLogSealed } from '../record/logSeal.ts';
import { readSpent } from '../record/spendLedger.ts';
import { readLatticeRequest, readOwnStates } from '../record/stateFile.ts';
import { emptyView } from '../../view/runView.ts';
import { readRun } from '../reading/summary.ts';

export interface ForeignRun {
  readonly run: RunLocation;
  readonly manifest: Manifest;
}

export interface Adoptable {
  readonly runs: readonly ForeignRun[];
  readonly comparisons: readonly ComparisonSummary[];
  /** Adapters that were put into endpoints. */
  readonly adapters: readonly LedgerEntry[];
  /** Training jobs that have ended. */
  readonly jobs: readonly ForeignJob[];
  readonly memo: MemoSize;
}

/** All of it. A run that cannot be read is left out, since it cannot go on. */
export async function findAdoptable(workspace: string): Promise<Adoptable> {
  checkStateFolders(workspace);
  const runs = await Promise.all((await listRuns(workspace)).map(foreignRun));
  const jobs = join(stateFolder(workspace), 'jobs');
  const folders = (await readdir(jobs).catch(() => [])).map((name) => join(jobs, name));
  const ended = await Promise.all(folders.map((folder) => foreignJob(folder, jobs)));
  return {
    runs: runs.filter((run) => run !== null),
    comparisons: (await readComparisons(workspace)).filter(({ madeHere }) => !madeHere),
    adapters: await new AdapterLedger(adaptersFolder(workspace), workspace).listForeign(),
    jobs: ended.filter((job) => job !== null),
    memo: foreignMemoSize(cacheFolder(workspace)),
  };
}

/** `null`: all of the run is this user's own, or it cannot be read. */
export function foreignRun(run: RunLocation): Promise<ForeignRun | null> {
  return foreignUnless(run, (manifest) => areRecordsOwn(run, manifest));
}

/** `null`: the run's manifest is this user's own, which is all that it takes to stop it. */
export function foreignManifest(run: RunLocation): Promise<ForeignRun | null> {
  return foreignUnless(run, () => Promise.resolve(true));
}

/** @param restIsOwn asked where the manifest is the user's own. */
async function foreignUnless(
  run: RunLocation,
  restIsOwn: (manifest: Manifest) => Promise<boolean>,
): Promise<ForeignRun | null> {
  const read = await inspectManifest(run.folder).catch(() => null);
  if (read === null || (read.madeHere && (await restIsOwn(read.manifest)))) return null;
  return { run, manifest: read.manifest };
}

/** Those beside the manifest: another person may have worked on the run when it was taken over. */
async function areRecordsOwn(run: RunLocation, { program }: Manifest): Promise<boolean> {
  const { folder } = run;
  try {
    readSpent(runFiles(folder).spent, program !== null);
    await Promise.all([readOwnStates(folder), readLatticeRequest(folder)]);
  } catch {
    return false;
  }
  return isLogSealed(folder) || !(await saysFinished(run));
}

/** A log that cannot be read says nothing that could be acted on. */
async function saysFinished(run: RunLocation): Promise<boolean> {
  const { view } = await readRun(run).catch(() => ({ view: emptyView }));
  return view.result !== null;
}

export function isNothing({ runs, comparisons, adapters, jobs, memo }: Adoptable): boolean {
  return runs.length + comparisons.length + adapters.length + jobs.length + memo.segments === 0;
}
