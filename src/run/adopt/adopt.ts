/** Takes over what the user has looked at: it is sealed as their own, and can be gone on with from then on. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { messageOf } from '../../base/errors.ts';
import { AdapterLedger } from '../../finetune/serving/adapterLedger.ts';
import { adoptJob } from '../../finetune/command/jobFolder.ts';
import { adoptMemo } from '../../lm/memoAdopt.ts';
import { nothingSpent } from '../../comparison.ts';
import { writeComparison } from '../compare/comparisonFolder.ts';
import { earlierSessions } from '../reading/earlierSessions.ts';
import { sealLog } from '../record/logSeal.ts';
import { adopted, checkKnown, inspectManifest, writeManifest } from '../record/manifest.ts';
import { adaptersFolder, cacheFolder, runFiles } from '../record/runFolder.ts';
import { adoptSpend } from '../record/spendLedger.ts';
import { adoptStates } from '../record/stateFile.ts';
import { adoptSeen } from '../surroundings/seenByRun.ts';
import { workerOf } from '../reading/summary.ts';
import type { Adoptable, ForeignRun } from './adoptable.ts';

/**
 * The manifest comes last: what a crash interrupts is still foreign, and is taken over again. While a process works on the
 * run, what it writes is left alone: the run can be stopped then, and what it has become is taken over afterwards.
 *
 * @throws UsageError for a run of a later version that asks for what this one does not know: nothing is written then.
 */
export async function adoptRun({ run, manifest }: ForeignRun): Promise<void> {
  checkKnown(await inspectManifest(run.folder));
  if (workerOf(run) === null) {
    await adoptStates(run.folder);
    // A log that cannot be read stops the run by itself.
    const { spent } = await earlierSessions(run.folder).catch(() => ({ spent: nothingSpent }));
    if (existsSync(runFiles(run.folder).events)) sealLog(run.folder);
    await adoptSeen(runFiles(run.folder).reads);
    adoptSpend(runFiles(run.folder).spent, spent, manifest.program !== null);
  }
  // What somebody else agreed to is not agreed to: it is asked again where it leaves this machine.
  await writeManifest(run.folder, adopted({ ...manifest, consent: [] }));
}

/** What came of taking over: each record by itself, so that one that cannot be taken over keeps back no other. */
export interface Adoption {
  /** How many remembered answers were taken over. */
  readonly answers: number;
  /** What was not, for people (`run 2026-…`), and why. */
  readonly failed: readonly { readonly what: string; readonly why: string }[];
}

/** Goes on after what cannot be taken over, and reports it in the end. */
export async function adoptAll(workspace: string, found: Adoptable): Promise<Adoption> {
  const ledger = new AdapterLedger(adaptersFolder(workspace), workspace);
  const works: readonly Work[] = [
    ...found.runs.map((run) => ({ what: `run ${run.run.id}`, take: () => adoptRun(run) })),
    ...found.comparisons.map(({ comparison, location }) => ({
      what: `comparison ${location.id}`,
      take: () => writeComparison(location.folder, comparison),
    })),
    ...found.adapters.map((entry) => ({ what: `adapter ${entry.name}`, take: () => ledger.put(entry) })),
    ...found.jobs.map((job) => ({ what: `training job ${basename(job.folder)}`, take: () => adoptJob(job) })),
  ];
  const failed: { what: string; why: string }[] = [];
  for (const { what, take } of works) {
    await take().catch((error: unknown) => failed.push({ what, why: messageOf(error) }));
  }
  let answers = 0;
  if (found.memo.segments > 0) {
    answers = await adoptMemo(cacheFolder(workspace)).catch((error: unknown) => {
      failed.push({ what: 'remembered answers', why: messageOf(error) });
      return 0;
    });
  }
  return { answers, failed };
}

interface Work {
  readonly what: string;
  readonly take: () => Promise<unknown>;
}
