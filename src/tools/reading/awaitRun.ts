/** Waits for a run that another process works on. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunLocation } from '../../run/record/runFolder.ts';
import { RunTail } from '../../run/reading/runTail.ts';
import { statusOf, workerOf } from '../../run/reading/summary.ts';
import { activityOf } from '../../view/activity.ts';
import type { RunView } from '../../view/runView.ts';
import { purposeName, startName, stepName } from '../../view/words.ts';
import { cut } from '../base/bounded.ts';
import type { ToolCall } from '../base/tool.ts';

/** Milliseconds between two looks. */
const lookEvery = 400;

/**
 * Resolves when the run has ended, or the time is over.
 *
 * @throws the signal's reason when it is aborted.
 */
export async function awaitRun(run: RunLocation, seconds: number, { signal, progress }: ToolCall): Promise<void> {
  const until = performance.now() + 1000 * seconds;
  const tail = new RunTail(run.folder);
  for (let told = ''; ;) {
    signal.throwIfAborted();
    await tail.read();
    if (statusOf(tail.view, workerOf(run) !== null) !== 'running') return;
    const now = stepAtWork(tail.view);
    if (now !== null && now.message !== told) {
      told = now.message;
      progress(now.message, now.done, now.of ?? undefined);
    }
    const left = until - performance.now();
    if (left <= 0) return;
    await sleep(Math.min(lookEvery, left), undefined, { signal });
  }
}

function stepAtWork({ steps, started }: RunView): { message: string; done: number; of: number | null } | null {
  for (const step of steps) {
    const doing = activityOf(step, started?.splits ?? null);
    if (doing === null) continue;
    const { work, done, of } = doing;
    const name = cut(stepName(step.prefix, startName(started?.from)), 100);
    return { message: `${name}: ${purposeName[work]}, ${done}${of === null ? '' : ` of ${of}`}`, done, of };
  }
  return null;
}
