/**
 * The process beside a training command: `node supervise.js <job folder>`. Starts the command in its own process group,
 * keeps what it prints, and takes note of how it ends, whoever is still there to hear of it. At most one works in a
 * folder, and what a killed one left running is ended before anything is started again.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { messageOf } from '../data/errors.ts';
import { jobFiles, readExit, readStart, writeExit } from '../finetune/command/jobFolder.ts';
import type { Exit, Start } from '../finetune/command/jobFolder.ts';
import { endOrphans } from './jobProcesses.ts';
import { isLock, tryLock } from './lock.ts';

async function main(folder: string): Promise<void> {
  await endOrphans(folder);
  const lock = tryLock(jobFiles(folder).lock);
  if (!isLock(lock)) return;
  try {
    const start = await readStart(folder);
    if (start === null) throw new Error(`${folder} says nothing to start`);
    if ((await readExit(folder, start.attempt)) !== null) return;
    const exit = await run(folder, start);
    // A cancellation is noted by who asked for it.
    if ((await readExit(folder, start.attempt)) === null) await writeExit(folder, start.attempt, exit);
  } finally {
    lock.release();
  }
}

async function run(folder: string, { command, cwd, env, attempt }: Start): Promise<Exit> {
  const place = jobFiles(folder, attempt);
  const output = openSync(place.output, 'a');
  const errors = openSync(place.errors, 'a');
  const [program, ...args] = command;
  const child = spawn(program!, args, {
    cwd,
    // What started us inside of an editor is not for the trainer.
    env: { ...process.env, ELECTRON_RUN_AS_NODE: undefined, ...env },
    stdio: ['ignore', output, errors],
  });
  closeSync(output);
  closeSync(errors);
  return new Promise((resolve) => {
    child.on('error', (error) => {
      resolve({ code: null, signal: null, error: messageOf(error) });
    });
    child.on('close', (code, signal) => {
      resolve({ code, signal });
    });
  });
}

// The whole group is asked to end; how the command ended is still to be written down.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
main(process.argv[2] ?? '').catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
});
