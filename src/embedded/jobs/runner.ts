import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { messageOf } from '../../base/errors.ts';
import type { ServedModels } from '../models/servedModels.ts';
import { adoptAdapter } from './adoptAdapter.ts';
import type { Job, JobStore } from './jobStore.ts';
import { isOver } from './jobStore.ts';
import { draftOf, trainJob } from './trainJob.ts';
import type { TrainingWorker } from './worker.ts';

export interface RunnerOptions {
  readonly store: JobStore;
  readonly models: ServedModels;
  /** Sets the trainer up if need be, telling how that goes. */
  readonly worker: (say: (message: string) => void) => Promise<TrainingWorker>;
  readonly onLog: (line: string) => void;
  /** Milliseconds between two looks for jobs whose process died and for cancellations by other processes. */
  readonly watchMs?: number;
}

interface Owned {
  readonly cancel: AbortController;
  readonly release: () => Promise<void>;
}

/** Its process is dead when a lock was not renewed for so long. */
const staleMs = 5000;

/**
 * Runs jobs one after another, oldest first. A job belongs to the process that holds its lock; what a dead process
 * left unfinished is queued again by whichever server of the same model sees it first.
 */
export class JobRunner {
  readonly #options: RunnerOptions;
  readonly #owned = new Map<string, Owned>();
  readonly #finished = new Set<string>();
  readonly #watch: NodeJS.Timeout;
  #chain: Promise<void> = Promise.resolve();
  #worker: Promise<TrainingWorker> | null = null;
  /** The job whose events hear how the set-up of the trainer goes. */
  #settingUpFor: string | null = null;
  #looking: Promise<void> | null = null;
  #closed = false;
  #complaint = '';

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#watch = setInterval(() => {
      this.look().catch((error: unknown) => {
        this.#complain(messageOf(error));
      });
    }, options.watchMs ?? 1000).unref();
  }

  /** Takes up unfinished jobs without an owner, and learns of cancellations requested of other processes. */
  async look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { store, models } = this.#options;
    for (const [id, { cancel }] of this.#owned) if (store.isMarkedCancelled(id)) cancel.abort();
    const found: Job[] = [];
    for (const id of await store.ids()) {
      if (this.#finished.has(id) || this.#owned.has(id)) continue;
      const job = await store.peek(id);
      if (job === null) continue;
      if (isOver(job) || job.modelHash !== models.base.hash) this.#finished.add(id);
      else found.push(job);
    }
    for (const job of found.sort((a, b) => a.created - b.created)) {
      if (!(await this.#own(job.id))) continue;
      const now = await store.peek(job.id);
      if (now === null || isOver(now)) {
        await this.#disown(job.id);
        continue;
      }
      try {
        await store.put({ ...now, status: 'queued' });
        await this.#say(job.id, 'Queued again: the server that had it stopped.');
      } catch (error) {
        // On a full disk, say. The next look tries again.
        await this.#disown(job.id);
        throw error;
      }
      this.#enqueue(job.id);
    }
  }

  /** Queues a job that was just made. */
  async submit(job: Job): Promise<void> {
    if (!(await this.#own(job.id))) return;
    this.#enqueue(job.id);
  }

  /** A job is about to come: the trainer starts meanwhile. If it cannot be had, the job that needs it says why. */
  prepare(): void {
    if (this.#closed) return;
    this.#startWorker(null).then(
      (worker) => {
        if (!this.#closed) worker.start();
      },
      () => undefined,
    );
  }

  /**
   * Takes over an adapter that was trained elsewhere, a PEFT folder, and serves it as `name`.
   *
   * @throws ApiError 400 when the name is taken or the folder holds no adapter of this base.
   */
  async adopt(name: string, peft: string): Promise<void> {
    const { models } = this.#options;
    const parts = { models, worker: () => this.#startWorker(null), isClosed: () => this.#closed };
    const done = this.#chain.then(() => adoptAdapter(parts, name, peft));
    this.#chain = done.catch(() => undefined);
    await done;
  }

  /** Cancels a queued or running job, whichever process has it; one that is over stays as it is. */
  async cancel(id: string): Promise<Job> {
    const job = await this.#options.store.find(id);
    if (isOver(job)) return job;
    await this.#options.store.markCancelled(id);
    const owned = this.#owned.get(id);
    owned?.cancel.abort();
    if (owned !== undefined && job.status === 'queued') await this.#end(job, { status: 'cancelled' }, 'Cancelled.');
    return await this.#options.store.find(id);
  }

  /** Stops training; a running job stays unfinished on disk and is queued again by the next server. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#watch);
    await this.#looking?.catch(() => undefined);
    const worker = await this.#worker?.catch(() => null);
    worker?.close();
    await this.#chain;
    for (const id of [...this.#owned.keys()]) await this.#disown(id);
  }

  async #own(id: string): Promise<boolean> {
    const folder = this.#options.store.folder(id);
    const cancel = new AbortController();
    try {
      const release = await lock(folder, {
        lockfilePath: join(folder, 'lock'),
        stale: staleMs,
        update: 1000,
        // Another process took the job over because this one slept: it must not train twice.
        onCompromised: () => {
          cancel.abort();
          this.#owned.delete(id);
        },
      });
      this.#owned.set(id, { cancel, release });
      return true;
    } catch {
      return false;
    }
  }

  async #disown(id: string): Promise<void> {
    const owned = this.#owned.get(id);
    this.#owned.delete(id);
    await owned?.release().catch(() => undefined);
  }

  #enqueue(id: string): void {
    this.#chain = this.#chain.then(async () => {
      try {
        if (!this.#closed) await this.#run(id);
      } catch (error) {
        this.#options.onLog(`job ${id}: ${messageOf(error)}`);
      } finally {
        if (!this.#closed) await this.#disown(id);
      }
    });
  }

  async #run(id: string): Promise<void> {
    const { store, models } = this.#options;
    const owned = this.#owned.get(id);
    const job = await store.peek(id);
    if (owned === undefined || job === null || isOver(job)) return;
    if (owned.cancel.signal.aborted || store.isMarkedCancelled(id)) {
      await this.#end(job, { status: 'cancelled' }, 'Cancelled.');
      return;
    }
    const running: Job = { ...job, status: 'running' };
    await store.put(running);
    try {
      const parts = { store, models, worker: () => this.#startWorker(id), isClosed: () => this.#closed };
      const end = await trainJob(parts, running, owned.cancel.signal);
      if (end !== null) await this.#end(end.job, end.change, end.message);
    } catch (error) {
      if (this.#closed) return;
      // First, as it may be what fills the disk.
      await rm(draftOf(models, running), { recursive: true, force: true });
      await this.#end(running, { status: 'failed', error: messageOf(error) }, messageOf(error));
    }
  }

  async #startWorker(job: string | null): Promise<TrainingWorker> {
    this.#settingUpFor = job ?? this.#settingUpFor;
    this.#worker ??= this.#options.worker((message) => {
      if (this.#settingUpFor === null) this.#options.onLog(message);
      else {
        this.#say(this.#settingUpFor, message).catch((error: unknown) => {
          this.#complain(`${message} (${messageOf(error)})`);
        });
      }
    });
    try {
      return await this.#worker;
    } catch (error) {
      this.#worker = null;
      throw error;
    }
  }

  async #end(job: Job, change: Partial<Job> & Pick<Job, 'status'>, message: string): Promise<void> {
    const { store } = this.#options;
    const level = change.status === 'failed' ? 'error' : 'info';
    // How the job ended is in its record too, which may fit where the event does not.
    await store.addEvent(job.id, { level, message, data: null }).catch((error: unknown) => {
      this.#complain(`job ${job.id}: ${message} (${messageOf(error)})`);
    });
    await store.put({ ...job, ...change, finished: Date.now() });
    this.#finished.add(job.id);
  }

  /** Reports what no one waits for, once while it stays the same. */
  #complain(message: string): void {
    if (message === this.#complaint) return;
    this.#complaint = message;
    this.#options.onLog(message);
  }

  async #say(job: string, message: string): Promise<void> {
    await this.#options.store.addEvent(job, { level: 'info', message, data: null });
  }
}
