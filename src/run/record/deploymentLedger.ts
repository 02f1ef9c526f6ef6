/**
 * The deployments that runs of this user have up at services, of all workspaces: what costs money for as long as it is up.
 * Each is written down before it is asked for, so that whatever dies, the next process knows what to stop.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { readPlainFile } from '../../base/plainFile.ts';
import { replaceFile } from '../../base/replaceFile.ts';
import { parseRecord } from '../../data/record.ts';
import { resolvedTrainers } from '../../finetune/settings.ts';
import { userFolder } from '../../home/home.ts';
import { ownSeal } from '../../home/seal.ts';
import { isSealedText, sealedText } from '../../home/sealedText.ts';
import { isLock, livingHolder, lockInTurn, tryLock } from './lock.ts';
import type { Lock } from './lock.ts';

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

export class DeploymentLedger {
  readonly #folder: string;

  constructor(folder = join(userFolder(), 'deployments')) {
    this.#folder = folder;
  }

  /** Runs `body` while no other process starts or stops the deployment. */
  async exclusively<T>(id: string, signal: AbortSignal, body: () => Promise<T>): Promise<T> {
    await mkdir(this.#folder, { recursive: true });
    const lock = await lockInTurn(join(this.#folder, `${id}.lock`), signal);
    try {
      return await body();
    } finally {
      lock.release();
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
    const names = (await readdir(this.#folder).catch(() => [])).filter((name) => name.endsWith('.json'));
    const entries = await Promise.all(names.map((name) => this.#read(name)));
    return entries.filter((entry) => entry !== null);
  }

  async remove({ id }: Pick<DeploymentEntry, 'id'>): Promise<void> {
    await rm(this.path({ id }), { force: true });
  }

  /** This process asks it, until the lock is released or the process ends, however it does. */
  hold(id: string): Lock {
    const lock = tryLock(join(this.#folder, `${id}.held`, String(process.pid)));
    // A second session of this process shares the first one's hold.
    return isLock(lock) ? lock : { release: () => undefined };
  }

  /** Whether a process that lives asks it. */
  async isHeld(id: string): Promise<boolean> {
    const folder = join(this.#folder, `${id}.held`);
    const names = (await readdir(folder).catch(() => [])).filter((name) => /^\d+$/.test(name));
    return names.some((name) => livingHolder(join(folder, name)) !== null);
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
