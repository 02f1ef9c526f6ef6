/**
 * Lock files that name the process holding them. A process that died, even by `kill -9`, is noticed at once by its
 * pid and start time, so nobody waits for a heartbeat to grow stale.
 */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import * as z from 'zod';
import { sleep, stopped } from '../engine/abort.ts';

const holderSchema = z.object({
  pid: z.number(),
  /** When the process began, as its system says it; tells a pid that was given out again. */
  started: z.string().nullable(),
  host: z.string(),
  token: z.string(),
});
export type LockHolder = z.infer<typeof holderSchema>;

export interface Lock {
  release(): void;
}

/** Takes the lock, or says who holds it. A dead holder's lock is taken over. */
export function tryLock(file: string): Lock | LockHolder {
  mkdirSync(dirname(file), { recursive: true });
  const own = holderOf(process.pid);
  const draft = `${file}.${own.token}`;
  // A finished file that is linked into place: nobody ever reads half a lock.
  writeFileSync(draft, JSON.stringify(own));
  try {
    for (let attempt = 0; attempt < 100; attempt++) {
      if (linkInto(draft, file)) return { release: () => releaseOwn(file, own.token) };
      const holder = lockHolder(file);
      if (holder === null) continue;
      if (isAlive(holder)) return holder;
      moveAway(file, holder, own.token);
    }
    throw new Error(`The lock ${file} kept changing hands.`);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The description of a process that tells it from a later one with the same pid. */
export function holderOf(pid: number): LockHolder {
  return { pid, started: startOf(pid), host: hostname(), token: randomUUID() };
}

export function isLock(result: Lock | LockHolder): result is Lock {
  return 'release' in result;
}

/** Waits for its turn. Rejects with why (`stopped`) when aborted. */
export async function lockInTurn(file: string, signal: AbortSignal): Promise<Lock> {
  if (signal.aborted) throw stopped(signal);
  for (;;) {
    const result = tryLock(file);
    if (isLock(result)) return result;
    await sleep(200, signal);
  }
}

/** Runs `body` in its turn, and knowing what those before it have `remembered`. */
export async function inTurn<T>(
  file: string,
  remembered: { refresh(): Promise<void> },
  body: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const lock = await lockInTurn(file, signal);
  try {
    await remembered.refresh();
    return await body();
  } finally {
    lock.release();
  }
}

/** Who wrote the lock; `null` when there is none. */
export function lockHolder(file: string): LockHolder | null {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    // Not ours, or damaged: a lock that nobody can be found to hold.
    return { pid: 0, started: null, host: hostname(), token: '' };
  }
}

/** The process that holds the lock now; `null` when there is no lock or its process is gone. */
export function livingHolder(file: string): LockHolder | null {
  const holder = lockHolder(file);
  return holder !== null && isAlive(holder) ? holder : null;
}

function linkInto(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes a dead holder's lock. Two processes may try at once: the one that moved a newer lock away puts it back.
 */
function moveAway(file: string, dead: LockHolder, token: string): void {
  const aside = `${file}.${token}.stale`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (lockHolder(aside)?.token !== dead.token) linkInto(aside, file);
  rmSync(aside, { force: true });
}

function releaseOwn(file: string, token: string): void {
  if (lockHolder(file)?.token === token) unlinkSync(file);
}

function isAlive(holder: LockHolder): boolean {
  // Another machine's process on a shared disk cannot be asked: it counts as alive.
  if (holder.host !== hostname()) return true;
  if (holder.pid === 0) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return holder.started === null || startOf(holder.pid) === holder.started;
}

/** When a process began: clock ticks since boot with the boot's id on Linux, `ps` elsewhere, `null` on Windows. */
function startOf(pid: number): string | null {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
      // A zombie has ended; only its parent has not looked yet.
      return afterName[0] === 'Z' ? 'ended' : `${boot}/${afterName[19] ?? ''}`;
    }
    if (process.platform === 'win32') return null;
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
}
