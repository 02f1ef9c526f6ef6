/** The process that works on a run: detached, so that closing or reloading the window does not hurt it. */
import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { readTail } from '../../base/boundedFile.ts';
import { noLink } from '../../base/plainFile.ts';
import { replaceFile } from '../../base/replaceFile.ts';
import { holderOf } from '../../run/record/lock.ts';
import { runFiles } from '../../run/record/runFolder.ts';
import type { RunLocation } from '../../run/record/runFolder.ts';

export interface RunProcess {
  readonly pid: number;
  /** Its exit code, as long as this window lives. */
  readonly exited: Promise<number | null>;
}

export interface Detached {
  readonly cli: string;
  readonly cwd: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** The file that it prints to. */
  readonly output: string;
}

/** Starts the command line in a process that outlives this window. */
export async function spawnDetached({ cli, cwd, args, env, output }: Detached): Promise<RunProcess> {
  // Its name can be guessed: through a link that was put there, another file would be emptied.
  const file = openSync(output, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | noLink);
  try {
    const child = spawn(process.execPath, [cli, ...args], {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', file, file],
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
    return { pid: child.pid!, exited };
  } finally {
    closeSync(file);
  }
}

/**
 * Starts `resume` on the run's folder. What it prints goes to the folder's `output.log`; what it does is in the event
 * log. `process.json` says who was started: the run's lock is taken only when its data is loaded.
 */
export async function spawnRun(
  cli: string,
  root: string,
  run: RunLocation,
  env: NodeJS.ProcessEnv,
  args: readonly string[] = [],
): Promise<RunProcess> {
  const files = runFiles(run.folder);
  const started = await spawnDetached({ cli, cwd: root, args: ['resume', run.id, ...args], env, output: files.output });
  await replaceFile(files.process, JSON.stringify(holderOf(started.pid)));
  return started;
}

const outputBytesShown = 64 * 1024;

/** The last lines that a process printed to its file; '' where there are none. */
export async function lastOutput(file: string, lines = 20): Promise<string> {
  const text = (await readTail(file, outputBytesShown)).toString('utf8');
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
