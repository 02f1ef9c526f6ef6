import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { HumanError } from '../../base/errors.ts';
import { requestCancel } from '../../run/record/cancelRequest.ts';
import { elsewhere, isSameProcess, nameOf } from '../../run/record/lock.ts';
import type { LockHolder } from '../../run/record/lock.ts';
import { findRun, runFiles } from '../../run/record/runFolder.ts';
import { workerOf } from '../../run/reading/summary.ts';
import { foreignManifest } from '../../run/adopt/adoptable.ts';
import { requireOwnRun } from '../base/adopting.ts';
import type { Context } from '../base/context.ts';
import { workspaceOf } from '../base/workspace.ts';
import { onScreen } from '../../run/text/screenText.ts';

const patienceMs = 30_000;

export function addCancel(program: Command, context: Context): void {
  program
    .command('cancel')
    .description('stop a run that another process works on; it can be resumed')
    .argument('<run>', 'an id, the beginning or end of one, or "latest"')
    .action((asked: string) => cancel(context, asked));
}

async function cancel({ terminal }: Context, asked: string): Promise<void> {
  const run = await findRun(await workspaceOf(terminal.cwd), asked);
  const holder = workerOf(run);
  if (holder === null) throw new HumanError(`No process is working on run ${run.id}: there is nothing to cancel.`);
  await requireOwnRun(terminal, run, foreignManifest);
  await requestCancel(run.folder);
  terminal.err(onScreen`${nameOf(holder)} was asked to stop run ${run.id}\n`);
  const until = Date.now() + patienceMs;
  // One that was still setting up takes the lock meanwhile, and heeds the wish then.
  for (let now: LockHolder | null = holder; now !== null && isSameProcess(now, holder); now = workerOf(run)) {
    if (Date.now() > until) {
      const there = elsewhere(holder, runFiles(run.folder).lock);
      throw new HumanError(
        `${nameOf(holder)} has not stopped yet. It does once what is in flight is done. ` +
          (there === '' ? 'To end it at once, kill it: the run can be resumed all the same.' : there.trimStart()),
      );
    }
    await sleep(200);
  }
  terminal.out(onScreen`run ${run.id} stopped; \`bettertogether resume ${run.id}\` goes on with it\n`);
}
