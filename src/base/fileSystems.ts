/**
 * What not every file system can do. exFAT and FAT have no hard links, nor have some network drives, Android's storage
 * and the mounts of virtual machines; a few of them flush nothing on demand, and Windows renames over no file that
 * another process holds open.
 */
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from './errors.ts';

const unable: ReadonlySet<string | undefined> = new Set(
  'EPERM EACCES ENOTSUP EOPNOTSUPP ENOSYS EINVAL EMLINK EXDEV EISDIR UNKNOWN'.split(' '),
);

/** Whether the file system says that it cannot do such a thing at all; Windows calls a missing function `EISDIR`. */
export const cannotAtAll = (error: unknown): boolean => unable.has(codeOf(error));

/** Milliseconds between two ticks of the slowest clock of a file system: what changed since can change again unseen. */
export const slowestTickMs = 2000;

/**
 * Puts a finished file into a place where there is none, so that half of it is never read.
 *
 * @param draft a file in the same folder that holds `content`, and stays.
 * @returns whether it is there now; `false`: another one is.
 * @throws what the file system says.
 */
export function placeFile(draft: string, file: string, content: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    if (!cannotAtAll(error)) throw error;
  }
  return createFile(file, content);
}

/**
 * Where there are no links the file is empty for a moment: readers must take an empty file for one that is being
 * written.
 */
function createFile(file: string, content: string): boolean {
  let open: number;
  try {
    open = openSync(file, 'wx');
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    writeFileSync(open, content);
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  } finally {
    closeSync(open);
  }
  // Who thought that its writer was dead has moved it away meanwhile.
  return readFileSync(file, 'utf8') === content;
}

/** Writes to the disk proper what was written to the file, where the file system can. */
export function flushSync(file: number): void {
  try {
    fsyncSync(file);
  } catch (error) {
    if (!cannotAtAll(error)) throw error;
  }
}

/** As `flushSync`. */
export async function flush(file: FileHandle): Promise<void> {
  try {
    await file.sync();
  } catch (error) {
    if (!cannotAtAll(error)) throw error;
  }
}

/** Windows, and network drives: another process reads the file just now. Milliseconds to wait before each further try. */
const pauses = [5, 20, 50, 100, 200, 400];
const inUse: ReadonlySet<string | undefined> = new Set(['EPERM', 'EACCES', 'EBUSY']);

/** Renames over a file, also one that another process holds open for a moment. */
export async function renameOver(from: string, to: string): Promise<void> {
  for (const pause of pauses) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      if (!inUse.has(codeOf(error))) throw error;
      await sleep(pause);
    }
  }
  await rename(from, to);
}

/** As `renameOver`. */
export function renameOverSync(from: string, to: string): void {
  for (const pause of pauses) {
    try {
      renameSync(from, to);
      return;
    } catch (error) {
      if (!inUse.has(codeOf(error))) throw error;
      sleepSync(pause);
    }
  }
  renameSync(from, to);
}

/** Holds up the whole process: for moments alone. */
export function sleepSync(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
