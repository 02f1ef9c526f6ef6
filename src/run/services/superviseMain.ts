/**
 * The process beside a training command: `node supervise.js <job folder>`. Starts the command in its own process group,
 * keeps what it prints, and takes note of how it ends, also when the run is gone. A command that is killed
 * is started again. At most one works in a folder, and what a killed one left running is ended before anything is
 * started again.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { appendFile, mkdir, rm } from 'node:fs/promises';
import { messageOf } from '../../base/errors.ts';
import { startedAgain, startsAtMost } from '../../base/killed.ts';
import { jobFiles, readExit, readStart, readStarts, writeExit, writeStarts } from '../../finetune/command/jobFolder.ts';
import type { Exit, Start } from '../../finetune/command/jobFolder.ts';
import { endOrphans } from './jobProcesses.ts';
import { isLock, tryLock } from '../record/lock.ts';

/** The whole group was asked to end. */
let asked = false;

async function main(folder: string): Promise<void> {
  await endOrphans(folder);
  const lock = tryLock(jobFiles(folder).lock);
  if (!isLock(lock)) return;
  try {
    const start = await readStart(folder);
    if (start === null) throw new Error(`${folder} says nothing to start`);
    if ((await readExit(folder, start.attempt)) !== null) return;
    const exit = await runToItsEnd(folder, start);
    // The process that asked for a cancellation notes it.
    if (exit !== null && (await readExit(folder, start.attempt)) === null) await writeExit(folder, start.attempt, exit);
  } finally {
    lock.release();
  }
}

/**
 * A command that is killed is started again, with the same rows and seed, until it was started as often as it may be.
 * Starts of an earlier supervisor, which was killed itself, count.
 *
 * @returns `null` when we were asked to end before the command did, as by a machine that goes down: the job is
 * unfinished, and the next run that needs it starts another supervisor.
 */
async function runToItsEnd(folder: string, start: Start): Promise<Exit | null> {
  const { attempt } = start;
  for (let number = (await readStarts(folder, attempt)) + 1; number <= startsAtMost; number++) {
    await begin(folder, attempt, number);
    if ((await readExit(folder, attempt)) !== null) return null;
    const exit = asked ? null : await run(folder, start);
    // A command that answers the signal may end with a code of its own.
    if (exit === null || (asked && exit.code !== 0)) {
      // What a machine that goes down cuts short was not killed by what it did.
      await writeStarts(folder, attempt, number - 1);
      return null;
    }
    if (exit.signal === null) return exit;
    if (number === startsAtMost) return { ...exit, kills: number };
  }
  return { code: null, signal: null, kills: startsAtMost };
}

async function begin(folder: string, attempt: number, number: number): Promise<void> {
  const place = jobFiles(folder, attempt);
  await writeStarts(folder, attempt, number);
  if (number === 1) return;
  // From the rows again: trainers go on from checkpoints that they find, or refuse a folder that is not empty.
  await rm(place.out, { recursive: true, force: true });
  await mkdir(place.out, { recursive: true });
  // On a line of its own, whatever the killed one was writing.
  await appendFile(place.output, `\n${JSON.stringify({ type: 'message', message: startedAgain(number) })}\n`);
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

// How the command ends is still to be written down.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(signal, () => {
    asked = true;
  });
}
main(process.argv[2] ?? '').catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
});
