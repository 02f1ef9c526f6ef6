/**
 * The deployments that runs of this user have up at services, of all workspaces: what costs money for as long as it is up.
 * Each is written down before it is asked for, so that whatever dies, the next process knows what to stop.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { isMissing } from '../../base/errors.ts';
import { readPlainFile } from '../../base/plainFile.ts';
import { replaceFile } from '../../base/replaceFile.ts';
import { parseRecord } from '../../data/record.ts';
import { resolvedTrainers } from '../../finetune/settings.ts';
import { userFolder } from '../../home/home.ts';
import { ownSeal } from '../../home/seal.ts';
import { isSealedText, sealedText } from '../../home/sealedText.ts';
import { holderOf, isLock, isSameProcess, livingHolder, lockInTurn, tryLock } from './lock.ts';
import type { Lock, LockHolder } from './lock.ts';

const entrySchema = z.object({
  v: z.literal(1),
  /** The deployment's name at the service, and a file's. */
  id: z.string().regex(/^bt-[\w-]+$/),
  /** What calls name it as. */
  model: z.string(),
  /** The endpoint's name in bettertogether.json. */
  endpoint: z.string(),
  /** What trained it and deploys it. */
  trainer: z.discriminatedUnion('kind', resolvedTrainers),
  usdPerHour: z.number(),
  /** ISO 8601. */
  created: z.string(),
  /** Up to when its price is in the account of a run; ISO 8601. */
  paidUntil: z.string(),
});
export type DeploymentEntry = z.infer<typeof entrySchema>;

/** The deployments that sessions of this process ask, by the file that says so to other processes. */
const holds = new Map<string, { readonly lock: Lock | LockHolder; sessions: number }>();

export class DeploymentLedger {
  readonly #folder: string;

  constructor(folder = join(userFolder(), 'deployments')) {
    this.#folder = folder;
  }

  /** Runs `body` while no other process starts or stops the deployment. */
  async exclusively<T>(id: string, signal: AbortSignal, body: () => Promise<T>): Promise<T> {
    const lock = await this.#lock(id, signal);
    try {
      return await body();
    } finally {
      lock.release();
    }
  }

  /** The same for what ends a cost: a disk that takes no lock of ours takes none of another process either. */
  async exclusivelyIfPossible<T>(id: string, signal: AbortSignal, body: () => Promise<T>): Promise<T> {
    const lock = await this.#lock(id, signal).catch((error: unknown) => {
      if (signal.aborted) throw error;
      return null;
    });
    try {
      return await body();
    } finally {
      releaseIfPossible(lock);
    }
  }

  async put(entry: DeploymentEntry): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await replaceFile(this.path(entry), sealedText(ownSeal(), 'deployment', entry.id, entry));
  }

  path({ id }: Pick<DeploymentEntry, 'id'>): string {
    return join(this.#folder, `${id}.json`);
  }

  async find(id: string): Promise<DeploymentEntry | null> {
    return (await this.list()).find((entry) => entry.id === id) ?? null;
  }

  /** What this user wrote on this machine; others' are not acted on. */
  async list(): Promise<readonly DeploymentEntry[]> {
    const entries = await Promise.all((await this.#names()).map((name) => this.#read(name)));
    return entries.filter((entry) => entry !== null);
  }

  /** Paths of entries that cannot be read, or that something else wrote: of each a deployment may be up. */
  async unreadable(): Promise<readonly string[]> {
    const names = await this.#names();
    const entries = await Promise.all(names.map((name) => this.#read(name)));
    return names.filter((_, at) => entries[at] === null).map((name) => join(this.#folder, name));
  }

  async remove({ id }: Pick<DeploymentEntry, 'id'>): Promise<void> {
    await rm(this.path({ id }), { force: true });
  }

  /** A session of this process asks it, until the lock is released or the process ends, however it does. */
  hold(id: string): Lock {
    const file = join(this.#folder, `${id}.held`, String(process.pid));
    const own = holds.get(file) ?? { lock: tryLock(file), sessions: 0 };
    own.sessions++;
    holds.set(file, own);
    return {
      release: () => {
        if (--own.sessions > 0) return;
        holds.delete(file);
        if (isLock(own.lock)) releaseIfPossible(own.lock);
      },
    };
  }

  /** Whether a process that lives asks it. What this one no longer asks is free, though its file could not be removed. */
  async isHeld(id: string): Promise<boolean> {
    const folder = join(this.#folder, `${id}.held`);
    if (holds.has(join(folder, String(process.pid)))) return true;
    const names = (await readdir(folder).catch(() => [])).filter((name) => /^\d+$/.test(name));
    const holders = names.map((name) => livingHolder(join(folder, name))).filter((holder) => holder !== null);
    if (holders.length === 0) return false;
    const own = holderOf(process.pid);
    return holders.some((holder) => !isSameProcess(holder, own));
  }

  async #lock(id: string, signal: AbortSignal): Promise<Lock> {
    await mkdir(this.#folder, { recursive: true });
    return lockInTurn(join(this.#folder, `${id}.lock`), signal);
  }

  async #names(): Promise<readonly string[]> {
    const names = await readdir(this.#folder).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    return names.filter((name) => name.endsWith('.json')).sort();
  }

  async #read(name: string): Promise<DeploymentEntry | null> {
    try {
      const text = (await readPlainFile(join(this.#folder, name))) ?? '';
      const entry = parseRecord(entrySchema, text);
      return name === `${entry.id}.json` && isSealedText(ownSeal(), 'deployment', entry.id, text) ? entry : null;
    } catch {
      return null;
    }
  }
}

/** One that stays names a process that ends, and is taken over then. */
function releaseIfPossible(lock: Lock | null): void {
  try {
    lock?.release();
  } catch {
    return;
  }
}

/** What people are told of an entry that cannot be read. */
export function unreadableEntry(path: string): string {
  return (
    `${path} cannot be read, or was not written by you on this machine. It may stand for a deployment that costs money: look at ` +
    `the service for ${basename(path, '.json')}, then delete the file.`
  );
}
