import { statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { HumanError, messageOf } from '../../base/errors.ts';
import { foreignMemoSize, memoSize, pruneMemo } from '../../lm/memoPrune.ts';
import type { Prunable } from './prunable.ts';
import { sizeOf } from './diskSize.ts';
import { removeAdapter, unusedAdapters } from './pruneAdapters.ts';
import { leftDeployments, removeDeployment, unclearDeployments } from './pruneDeployments.ts';
import { removeEmbedded, unusedEmbedded } from './pruneEmbedded.ts';
import { oldModules } from './pruneNotebooks.ts';
import { isLogSealed } from '../record/logSeal.ts';
import { cacheFolder, checkStateFolders, runFiles } from '../record/runFolder.ts';
import { readRuns } from '../reading/summary.ts';
import type { RunSummary } from '../reading/summary.ts';

export interface PruneWishes {
  /** Runs that ended longer ago than this, days. */
  readonly olderThanDays: number;
  /** Forget what was paid for as well. */
  readonly memo: boolean;
  /** Look through the home of the embedded endpoint as well, which all workspaces share. Default: no. */
  readonly embedded?: boolean;
}

/** What pruning would remove, and what it leaves alone because it came with the folder. */
export interface PruneFindings {
  readonly prunable: readonly Prunable[];
  /** For people: `run 20261123-…`, `adapter base-ft-1`; `adopt` takes them over. */
  readonly foreign: readonly string[];
  /** What may cost something and cannot be acted on; sentences for people. */
  readonly unclear: readonly string[];
}

/**
 * What pruning would remove: folders of runs that have ended (a stopped or crashed one could still be resumed, so it
 * is named as such), modules gathered from notebooks, deployments that no run asks, with `embedded` what the embedded endpoint keeps and no one uses, with `memo` the remembered
 * answers. Only what this user made on this machine: of nothing else is it known whose it is, or what it names.
 */
export async function findPrunable(
  workspace: string,
  wishes: PruneWishes,
  now: Date = new Date(),
): Promise<PruneFindings> {
  checkStateFolders(workspace);
  const { runs, unreadable } = await readRuns(workspace);
  const limit = now.getTime() - wishes.olderThanDays * 24 * 3600 * 1000;
  const ended = runs.filter((run) => run.pid === null && endedAt(run) <= limit);
  const old = ended.filter(({ madeHere }) => madeHere);
  const prunable: Prunable[] = [];
  for (const { run, status, manifest } of old) {
    const what = `${status} run ${run.id} of ${manifest.asked.key}${status === 'finished' ? '' : ', could be resumed'}`;
    prunable.push({ kind: 'run', path: run.folder, what, bytes: await sizeOf(run.folder) });
  }
  const gone = new Set(old.map(({ run }) => run.folder));
  const adapters = await unusedAdapters(workspace, gone, limit);
  prunable.push(...adapters.unused);
  prunable.push(...(await oldModules(workspace, limit)));
  prunable.push(...(await leftDeployments()));
  if (wishes.embedded === true) prunable.push(...(await unusedEmbedded(workspace, gone, limit)));
  if (wishes.memo) {
    const { segments, bytes } = memoSize(cacheFolder(workspace));
    const what = 'the memo: what it remembers will be paid for again';
    if (segments > 0) prunable.push({ kind: 'memo', path: cacheFolder(workspace), what, bytes });
  }
  const foreign = [
    ...ended.filter(({ madeHere }) => !madeHere).map(({ run }) => `run ${run.id}`),
    ...unreadable.map(({ run }) => `run ${run.id}, which cannot be read`),
    ...adapters.foreign.map(({ name }) => `adapter ${name}`),
    ...(wishes.memo && foreignMemoSize(cacheFolder(workspace)).segments > 0 ? ['remembered answers of others'] : []),
  ];
  return { prunable, foreign, unclear: await unclearDeployments() };
}

/**
 * When the run was last worked on, milliseconds: at the latest that is recorded. Its log counts only if sealed:
 * one that is not could make a young run an old one.
 */
function endedAt({ run: { folder }, manifest, view }: RunSummary): number {
  const times = [manifest.created, view.updated].map((time) => Date.parse(time ?? ''));
  if (!isLogSealed(folder)) times.push(statSync(runFiles(folder).events, { throwIfNoEntry: false })?.mtimeMs ?? NaN);
  return Math.max(...times.filter((time) => !Number.isNaN(time)));
}

/**
 * Tries each, whatever becomes of the others.
 *
 * @throws HumanError naming all that could not be removed, and why.
 */
export async function removePrunable(prunable: readonly Prunable[]): Promise<void> {
  const failures: { readonly what: string; readonly error: unknown }[] = [];
  for (const one of prunable) {
    try {
      await remove(one);
    } catch (error) {
      failures.push({ what: one.what, error });
    }
  }
  const [first] = failures;
  if (first === undefined) return;
  const reasons = failures.map(({ what, error }) => `${what}: ${messageOf(error)}`).join('\n');
  throw new HumanError(`${failures.length} of ${prunable.length} could not be removed:\n${reasons}`, {
    cause: first.error,
  });
}

async function remove(one: Prunable): Promise<void> {
  // Segments that a living process writes to stay.
  if (one.kind === 'memo') pruneMemo(one.path);
  else if (one.kind === 'adapter') await removeAdapter(one);
  else if (one.kind === 'deployment') await removeDeployment(one);
  else if (one.kind === 'embedded') await removeEmbedded(one);
  else for (const folder of one.kind === 'modules' ? one.folders : [one.path]) await removeFolder(folder);
}

async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch((error: unknown) => {
    throw new HumanError(`${path} could not be removed: ${messageOf(error)}.`, { cause: error });
  });
}
