/**
 * Lock files that name the process holding them. A process of this machine that died, even by `kill -9`, is noticed at
 * once by its pid and start time. One of another machine, or of a container that was started again under a new name,
 * cannot be asked: it counts as dead when it has not touched its lock for a while.
 */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { dirname } from 'node:path';
import * as z from 'zod';
import { codeOf, isMissing } from '../../base/errors.ts';
import { placeFile, sleepSync } from '../../base/fileSystems.ts';
import { readPlainFileSync } from '../../base/plainFile.ts';
import { sleep, stopped } from '../../engine/abort.ts';
import { startOf } from '../../base/processStart.ts';
import { ownSeal } from '../../home/seal.ts';
import { cannotWrite } from './diskError.ts';

const holderSchema = z.object({
  pid: z.number(),
  /** When the process began, as its system says it; identifies a pid that was reused. */
  started: z.string().nullable(),
  host: z.string(),
  token: z.string(),
  /** Who started it; left out where the system does not say, or says it strangely. */
  user: z
    .string()
    .regex(/^[\p{L}\p{N}._@\\-]{1,64}$/u)
    .optional()
    .catch(undefined),
  /** Proves that this user wrote it on this machine: see `isOwnHolder`. */
  seal: z.string().optional(),
});
export type LockHolder = z.infer<typeof holderSchema>;

export interface Lock {
  release(): void;
}

/** How often a holder touches its lock, and after how long without it one of another machine is dead; milliseconds. */
const beatMs = 10_000;
const deadAfterMs = 120_000;

/**
 * How long an empty lock is one that is being written. Long by the standard of a disk that knows times to two seconds;
 * its writer is usually through at once, so a moment is waited for it.
 */
const beingWrittenMs = 5000;
const momentMs = 5;
const momentsAtMost = 20;

/**
 * Takes the lock, or says who holds it. A dead holder's lock is taken over.
 *
 * @throws HumanError when the disk does not take it.
 */
export function tryLock(file: string): Lock | LockHolder {
  const own = holderOf(process.pid);
  const draft = `${file}.${own.token}`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    const content = JSON.stringify(own);
    // A finished file that is put into place: half a lock is never taken for one.
    writeFileSync(draft, content);
    for (let attempt = 0, moments = 0; attempt < 100; attempt++) {
      if (placeFile(draft, file, content)) return heldLock(file, own.token, content);
      const holder = lockHolder(file);
      if (holder === null) continue;
      // The answer to an earlier try may have been lost on its way from a network drive.
      if (holder.token === own.token) return heldLock(file, own.token, content);
      // The disk's own clock: those of two machines may differ by more than a heartbeat.
      if (isAlive(holder, file, clockOf(draft, content))) {
        if (!isBeingWritten(holder) || moments++ === momentsAtMost) return holder;
        sleepSync(momentMs);
      } else moveAway(file, holder, own.token);
    }
    throw new Error(`The lock ${file} kept changing hands.`);
  } catch (error) {
    throw codeOf(error) === undefined ? error : cannotWrite(`The lock ${file}`, error);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Milliseconds since 1970 by the clock of the disk that a file of ours lies on. */
function clockOf(draft: string, content: string): number {
  writeFileSync(draft, content);
  return statSync(draft).mtimeMs;
}

/** The same bytes are written again and again into the file as it was opened, so a lock that was lost stays as it is. */
function heldLock(file: string, token: string, content: string): Lock {
  const open = openOwn(file, token);
  let held = true;
  const beat = setInterval(() => {
    try {
      writeSync(open, content, 0);
    } catch {
      // A disk that takes nothing now may take the next one.
    }
  }, beatMs).unref();
  return {
    release: () => {
      if (held) {
        held = false;
        clearInterval(beat);
        closeSync(open);
      }
      releaseOwn(file, token);
    },
  };
}

function openOwn(file: string, token: string): number {
  try {
    return openSync(file, 'r+');
  } catch (error) {
    // Nothing would ever touch it or release it.
    releaseOwn(file, token);
    throw error;
  }
}

/** The description of a process that distinguishes it from a later one with the same pid. */
export function holderOf(pid: number): LockHolder {
  const user = userName();
  const whose = user === undefined ? {} : { user };
  const holder = { pid, started: startOf(pid), host: hostname(), token: randomUUID(), ...whose };
  return { ...holder, seal: ownSeal().of('process', identityOf(holder)) };
}

function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    // A number without a name, as containers have them.
    return undefined;
  }
}

/**
 * Whether this user wrote the lock on this machine. What a lock that came with the folder names is waited for at most:
 * no process is ended for it.
 */
export const isOwnHolder = (holder: LockHolder): boolean => ownSeal().holds(holder.seal, 'process', identityOf(holder));

const identityOf = ({ pid, started, host, token }: LockHolder): string => JSON.stringify([pid, started, host, token]);

/** Whether both are one process, whatever file each is named in. */
export function isSameProcess(a: LockHolder, b: LockHolder): boolean {
  return a.pid === b.pid && a.host === b.host && a.started === b.started;
}

export function isLock(result: Lock | LockHolder): result is Lock {
  return 'release' in result;
}

/**
 * Waits for its turn. Rejects with why (`stopped`) when aborted.
 *
 * @param onWait gets whom it waits for, once each, when that takes longer than a moment.
 */
export async function lockInTurn(
  file: string,
  signal: AbortSignal,
  onWait: (message: string) => void = () => undefined,
): Promise<Lock> {
  if (signal.aborted) throw stopped(signal);
  let seen = '';
  let told = '';
  for (;;) {
    const result = tryLock(file);
    if (isLock(result)) return result;
    if (result.token === seen && result.token !== told) {
      told = result.token;
      onWait(
        `${nameOf(result)} works on the same and holds the lock ${file}: waiting for it.${elsewhere(result, file)}`,
      );
    }
    seen = result.token;
    await sleep(200, signal);
  }
}

/** `Process 12`, with its user and its machine where these are others. */
export function nameOf(holder: LockHolder): string {
  if (isBeingWritten(holder)) return 'Another process';
  const { pid, host, user } = holder;
  const whose = user === undefined || user === userName() ? '' : ` of user ${user}`;
  return `Process ${pid}${whose}${isHere({ host }) ? '' : ` on host ${host}`}`;
}

/** What to do about a holder of another machine, which cannot be looked for here; '' for one of this machine. */
export function elsewhere(holder: LockHolder, file: string): string {
  if (isHere(holder)) return '';
  return (
    ` That is not this host (${hostname()}): if it was an earlier start of this container, or nothing runs there any ` +
    `more, the lock is free ${deadAfterMs / 60_000} minutes after its last sign of life; to go on at once, delete ${file}.`
  );
}

function isHere({ host }: Pick<LockHolder, 'host'>): boolean {
  return host === hostname();
}

/** Runs `body` in its turn, and knowing what those before it have `remembered`. */
export async function inTurn<T>(
  file: string,
  remembered: { refresh(): Promise<void> },
  body: () => Promise<T>,
  signal: AbortSignal,
  onWait?: (message: string) => void,
): Promise<T> {
  const lock = await lockInTurn(file, signal, onWait);
  try {
    await remembered.refresh();
    return await body();
  } finally {
    lock.release();
  }
}

/** Bytes of a lock, many times over. */
const lockBytes = 64 * 1024;

/** Who wrote the lock; `null` when there is none. Neither through a link nor from a pipe: anyone may have put it there. */
export function lockHolder(file: string): LockHolder | null {
  try {
    return holderSchema.parse(JSON.parse(readPlainFileSync(file, lockBytes)));
  } catch (error) {
    if (isMissing(error)) return null;
    // Not ours, damaged, or still being written: a lock whose holder cannot be found.
    return { pid: 0, started: null, host: hostname(), token: '' };
  }
}

const isBeingWritten = ({ pid }: LockHolder): boolean => pid === 0;

/** The process that holds the lock now; `null` when there is no lock or its process is gone. */
export function livingHolder(file: string): LockHolder | null {
  const holder = lockHolder(file);
  return holder !== null && isAlive(holder, file) ? holder : null;
}

/**
 * Removes a dead holder's lock. Two processes may try at once: the one that moved a newer lock away puts it back.
 */
function moveAway(file: string, dead: LockHolder, token: string): void {
  const aside = `${file}.${token}.stale`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  if (lockHolder(aside)?.token !== dead.token) placeFile(aside, file, readFileSync(aside, 'utf8'));
  rmSync(aside, { force: true });
}

function releaseOwn(file: string, token: string): void {
  if (lockHolder(file)?.token === token) unlinkSync(file);
}

/**
 * Whether the process that took the lock is still there; one of another machine as long as it touches the lock.
 *
 * @param now milliseconds since 1970, by the clock of the disk that the lock lies on.
 */
export function isAlive(holder: LockHolder, file: string, now = Date.now()): boolean {
  if (!isHere(holder)) return now - touchedAt(file) < deadAfterMs;
  if (holder.pid === 0) return isEmpty(file) && now - touchedAt(file) < beingWrittenMs;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // Any other says that it is there, and somebody else's.
    if (codeOf(error) === 'ESRCH') return false;
  }
  const started = startOf(holder.pid);
  // A system may hide the processes of others.
  return holder.started === null || started === null || started === holder.started;
}

const isEmpty = (file: string): boolean => statSync(file, { throwIfNoEntry: false })?.size === 0;

/** When the file was last written, milliseconds since 1970; 0 when it is gone. */
function touchedAt(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/**
 * The process group of a dead leader on this machine, if members of it live on. A group's number is not given
 * out again while the group lives, so the members are what that process had started.
 */
export function orphanedGroup({ pid, host, started }: LockHolder): number | null {
  if (process.platform === 'win32' || host !== hostname() || pid <= 1 || started === null) return null;
  const now = startOf(pid);
  // Its number belongs to another process now, or the machine was started again: whatever is there is not ours.
  if ((now !== null && now !== 'ended') || bootOf(started) !== bootOf(startOf(process.pid))) return null;
  try {
    process.kill(-pid, 0);
    return pid;
  } catch {
    return null;
  }
}

const bootOf = (started: string | null): string => started?.split('/')[0] ?? '';
