/** The process that works on a run: detached, so that closing or reloading the window does not hurt it. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';
import { holderOf } from '../../run/lock.ts';
import type { RunLocation } from '../../run/request.ts';
import { runFiles } from '../../run/runFolder.ts';

export interface RunProcess {
  readonly pid: number;
  /** Its exit code, as long as this window lives. */
  readonly exited: Promise<number | null>;
}

/**
 * Starts `resume` on the run's folder. What it prints goes to the folder's `output.log`; what it does is in the event
 * log. `process.json` says who was started: the run's lock is taken only when host and endpoint are up.
 */
export async function spawnRun(
  cli: string,
  root: string,
  run: RunLocation,
  env: NodeJS.ProcessEnv,
  args: readonly string[] = [],
): Promise<RunProcess> {
  const files = runFiles(run.folder);
  const output = openSync(files.output, 'w');
  try {
    const child = spawn(process.execPath, [cli, 'resume', run.id, ...args], {
      cwd: root,
      env,
      detached: true,
      stdio: ['ignore', output, output],
      windowsHide: true,
    });
    const exited = new Promise<number | null>((resolve) => {
      child.once('exit', resolve);
      child.once('error', () => resolve(null));
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    await writeFileAtomic(files.process, JSON.stringify(holderOf(child.pid!)));
    return { pid: child.pid!, exited };
  } finally {
    closeSync(output);
  }
}

/** The last lines that a run's process printed; '' where there are none. */
export async function lastOutput(run: RunLocation, lines = 20): Promise<string> {
  const text = await readFile(runFiles(run.folder).output, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
