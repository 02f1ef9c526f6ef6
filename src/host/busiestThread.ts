import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const measuredMs = 300;

/**
 * Which of a process's threads uses the processor now. Where one keeps Python's interpreter to itself, all others wait.
 *
 * @returns `null` where none does, or the system does not say (it does on Linux).
 */
export async function busiestThread(pid: number, threads: readonly number[]): Promise<number | null> {
  const before = await Promise.all(threads.map((thread) => ticksOf(pid, thread)));
  await sleep(measuredMs);
  const after = await Promise.all(threads.map((thread) => ticksOf(pid, thread)));
  const used = threads.map((thread, i) => ({ thread, ticks: after[i]! - before[i]! }));
  const [first, second] = used.filter(({ ticks }) => ticks > 0).sort((a, b) => b.ticks - a.ticks);
  return first !== undefined && first.ticks > (second?.ticks ?? 0) ? first.thread : null;
}

/** Clock ticks in user and system mode (proc(5), `stat`: fields 14 and 15); `NaN` where it is unknown. */
async function ticksOf(pid: number, thread: number): Promise<number> {
  try {
    const stat = await readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    // The second field is the command in parentheses and may contain anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return NaN;
  }
}
