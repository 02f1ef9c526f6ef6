/** Takes over what the user has looked at: it is sealed as their own, and can be gone on with from then on. */
import { existsSync } from 'node:fs';
import { AdapterLedger } from '../../finetune/adapterLedger.ts';
import { adoptJob } from '../../finetune/command/jobFolder.ts';
import { adoptMemo } from '../../lm/memoAdopt.ts';
import { nothingSpent } from '../../comparison.ts';
import { writeComparison } from '../compare/comparisonFolder.ts';
import { earlierSittings } from '../earlierSittings.ts';
import { sealLog } from '../record/logSeal.ts';
import { adopted, writeManifest } from '../record/manifest.ts';
import { adaptersFolder, cacheFolder, runFiles } from '../record/runFolder.ts';
import { adoptSpend } from '../record/spendLedger.ts';
import { adoptStates } from '../record/stateFile.ts';
import { adoptSeen } from '../surroundings/seenByRun.ts';
import { workerOf } from '../view/summary.ts';
import type { Adoptable, ForeignRun } from './adoptable.ts';

/**
 * The manifest comes last: what a crash interrupts is still foreign, and is taken over again. While a process works on the
 * run, what it writes is left alone: the run can be stopped then, and what it has become is taken over afterwards.
 */
export async function adoptRun({ run, manifest }: ForeignRun): Promise<void> {
  if (workerOf(run) === null) {
    await adoptStates(run.folder);
    // A log that cannot be read stops the run by itself.
    const { spent } = await earlierSittings(run.folder).catch(() => ({ spent: nothingSpent }));
    if (existsSync(runFiles(run.folder).events)) sealLog(run.folder);
    await adoptSeen(runFiles(run.folder).reads);
    adoptSpend(runFiles(run.folder).spent, spent, manifest.program !== null);
  }
  // What somebody else agreed to is not agreed to: it is asked again where it leaves this machine.
  await writeManifest(run.folder, adopted({ ...manifest, consent: [] }));
}

/** @returns how many remembered answers were taken over. */
export async function adoptAll(workspace: string, found: Adoptable): Promise<number> {
  for (const run of found.runs) await adoptRun(run);
  for (const { comparison, location } of found.comparisons) await writeComparison(location.folder, comparison);
  const ledger = new AdapterLedger(adaptersFolder(workspace), workspace);
  for (const entry of found.adapters) await ledger.put(entry);
  for (const job of found.jobs) await adoptJob(job);
  return found.memo.segments === 0 ? 0 : adoptMemo(cacheFolder(workspace));
}
