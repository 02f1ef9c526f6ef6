import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { replaceFile } from '../../data/replaceFile.ts';
import { messageOf } from '../../data/errors.ts';
import { ApiError } from '../http.ts';
import type { ServedModels, TunedMeta } from '../servedModels.ts';
import { defaults } from './hyperParameters.ts';
import type { Job, JobStore } from './jobStore.ts';
import { isOver } from './jobStore.ts';
import type { TrainResult, TrainRequest, Worker } from './worker.ts';

/** What trains; the process behind it is started when it is first needed. */
export interface TrainingWorker {
  train: Worker['train'];
  convert: Worker['convert'];
  start(): void;
  close(): void;
}

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

  /** Takes up what is unfinished and nobody's, and hears of cancellations that another process was asked for. */
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

  /** A job is about to come: the trainer starts meanwhile. Why it cannot be had is told by the job that needs it. */
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
    const done = this.#chain.then(() => this.#adopt(name, peft));
    this.#chain = done.catch(() => undefined);
    await done;
  }

  async #adopt(name: string, peft: string): Promise<void> {
    const { models } = this.#options;
    if ((await models.peek(name)) !== null) {
      throw new ApiError(400, `The adapter '${name}' has already been loaded.`, { param: 'lora_name' });
    }
    const worker = await this.#startWorker(null);
    const out = models.folder(`.partial-${name}`);
    await rm(out, { recursive: true, force: true });
    await mkdir(models.folder('.'), { recursive: true });
    const result = await worker.convert({ job: `adopt-${name}`, peft, out }, new AbortController().signal);
    if (result.end !== 'done') {
      await rm(out, { recursive: true, force: true });
      const why = result.end === 'failed' ? result.error : 'it was cancelled';
      throw new ApiError(400, `The adapter cannot be loaded: ${why}`, { param: 'lora_path' });
    }
    const { rank, alpha, targets } = result.shape ?? { rank: 1, alpha: 1, targets: [] };
    const meta: TunedMeta = {
      v: 1,
      name,
      parent: models.base.name,
      modelHash: models.base.hash,
      hyperParameters: { ...defaults, lora_r: rank, lora_alpha: alpha, lora_targets: [...targets] },
      rows: 0,
      trainedTokens: result.trainedTokens,
      loss: result.loss,
      created: Math.floor(Date.now() / 1000),
    };
    await replaceFile(join(out, 'meta.json'), JSON.stringify(meta, null, 2) + '\n');
    await rename(out, models.folder(name));
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
    const { store } = this.#options;
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
      await this.#train(running, owned.cancel.signal);
    } catch (error) {
      if (this.#closed) return;
      // First, as it may be what fills the disk.
      await rm(this.#options.models.folder(`.partial-${id}`), { recursive: true, force: true });
      await this.#end(running, { status: 'failed', error: messageOf(error) }, messageOf(error));
    }
  }

  async #train(job: Job, signal: AbortSignal): Promise<void> {
    const { store, models } = this.#options;
    const made = await models.peek(job.tunedName);
    if (made?.meta != null) {
      const trained = { status: 'succeeded', trainedTokens: made.meta.trainedTokens } as const;
      await this.#end(job, trained, `The same job was done before: ${job.tunedName} is served.`);
      return;
    }
    const parent = await models.find(job.model);
    const worker = await this.#startWorker(job.id);
    const out = models.folder(`.partial-${job.id}`);
    await rm(out, { recursive: true, force: true });
    await mkdir(models.folder('.'), { recursive: true });
    await this.#say(job.id, `Training on ${String(job.rows)} rows.`);
    const request: TrainRequest = {
      job: job.id,
      rows: store.rowsFile(job.id),
      out,
      parent: parent.peft,
      hyperParameters: job.hyperParameters,
    };
    // Events are written in the order in which they come, behind each other; the first that cannot be ends the job.
    let written = Promise.resolve();
    const unwritten = new AbortController();
    const stop = AbortSignal.any([signal, unwritten.signal]);
    const result = await worker.train(request, stop, ({ step, steps, epoch, loss }) => {
      const message = `Step ${String(step)}/${String(steps)}: training loss=${loss.toFixed(4)}`;
      written = written.then(() =>
        store.addEvent(job.id, { level: 'info', message, data: { step, steps, epoch, loss } }),
      );
      written.catch((error: unknown) => {
        unwritten.abort(error);
      });
    });
    await written;
    if (this.#closed) return;
    await this.#conclude(job, result, out, parent.name);
  }

  async #conclude(job: Job, result: TrainResult, out: string, parent: string): Promise<void> {
    const { models } = this.#options;
    if (result.end !== 'done') {
      await rm(out, { recursive: true, force: true });
      if (result.end === 'cancelled') await this.#end(job, { status: 'cancelled' }, 'Cancelled.');
      else await this.#end(job, { status: 'failed', error: result.error }, result.error);
      return;
    }
    const meta: TunedMeta = {
      v: 1,
      name: job.tunedName,
      parent,
      modelHash: job.modelHash,
      hyperParameters: job.hyperParameters,
      rows: job.rows,
      trainedTokens: result.trainedTokens,
      loss: result.loss,
      created: Math.floor(Date.now() / 1000),
    };
    await replaceFile(join(out, 'meta.json'), JSON.stringify(meta, null, 2) + '\n');
    // Whole or not at all; a twin that another server finished first is as good.
    await rename(out, models.folder(job.tunedName)).catch(async (error: unknown) => {
      if ((await models.peek(job.tunedName)) === null) throw error;
      await rm(out, { recursive: true, force: true });
    });
    const trained = { status: 'succeeded', trainedTokens: result.trainedTokens } as const;
    await this.#end(job, trained, `Done: ${job.tunedName} is served.`);
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

  /** Says what nobody waits for, once as long as it stays the same. */
  #complain(message: string): void {
    if (message === this.#complaint) return;
    this.#complaint = message;
    this.#options.onLog(message);
  }

  async #say(job: string, message: string): Promise<void> {
    await this.#options.store.addEvent(job, { level: 'info', message, data: null });
  }
}
