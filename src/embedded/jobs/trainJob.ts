/** One training job of the embedded endpoint, from its rows to the folder that it is served from. */
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { killedEachTime, startedAgain, startsAtMost } from '../../base/killed.ts';
import { makePrivateFolder, replacePrivateFile } from '../../home/private.ts';
import type { ServedModels, TunedMeta } from '../models/servedModels.ts';
import type { Job, JobStore, StoredJobEvent } from './jobStore.ts';
import type { TrainingWorker, TrainProgress, TrainResult } from './worker.ts';

export interface TrainingParts {
  readonly store: JobStore;
  readonly models: ServedModels;
  /** Sets the trainer up if need be. */
  readonly worker: () => Promise<TrainingWorker>;
  /** The server closes: whatever the trainer says now, the job stays as it is, for the next server. */
  readonly isClosed: () => boolean;
}

/** How a job ended: what is to be written down of it, and what its events say last. */
export interface JobEnd {
  readonly job: Job;
  readonly change: Partial<Job> & Pick<Job, 'status'>;
  readonly message: string;
}

/** @returns `null`: the server closes, and the job is unfinished. */
export async function trainJob(parts: TrainingParts, job: Job, signal: AbortSignal): Promise<JobEnd | null> {
  const { store, models } = parts;
  const made = await models.peek(job.tunedName);
  if (made?.meta != null) {
    const change = { status: 'succeeded', trainedTokens: made.meta.trainedTokens } as const;
    return { job, change, message: `The same job was done before: ${job.tunedName} is served.` };
  }
  const parent = await models.find(job.model);
  const worker = await parts.worker();
  const out = draftOf(models, job);
  await makePrivateFolder(models.folder('.'));
  await say(store, job, `Training on ${String(job.rows)} rows.`);
  let tried = job;
  let how: { readonly signal: string | null; readonly words: string } = { signal: null, words: '' };
  while (tried.kills < startsAtMost) {
    if (tried.kills > job.kills) await say(store, tried, startedAgain(tried.kills + 1));
    await rm(out, { recursive: true, force: true });
    // A worker that was closed meanwhile would begin again, and the server would wait for all of its training.
    if (parts.isClosed()) return null;
    const result = await trainOnce(parts, worker, tried, { out, parent: parent.peft }, signal);
    if (parts.isClosed()) return null;
    if (result.end !== 'killed') return concluded(models, tried, result, out, parent.name);
    how = result;
    // On the disk, so that a server that is started again goes on counting.
    tried = { ...tried, kills: tried.kills + 1 };
    await store.put(tried);
    if (signal.aborted) return concluded(models, tried, { end: 'cancelled' }, out, parent.name);
  }
  const error = killedEachTime(tried.kills, how.signal, how.words);
  return concluded(models, tried, { end: 'failed', error }, out, parent.name);
}

/** Where the adapter is made before it is served. */
export function draftOf(models: ServedModels, { id }: Job): string {
  return models.folder(`.partial-${id}`);
}

async function trainOnce(
  { store }: TrainingParts,
  worker: TrainingWorker,
  job: Job,
  { out, parent }: { readonly out: string; readonly parent: string | null },
  signal: AbortSignal,
): Promise<TrainResult> {
  const { id, hyperParameters, method } = job;
  // Events are written in the order in which they come, behind each other; the first that cannot be ends the job.
  let written = Promise.resolve();
  const unwritten = new AbortController();
  const stop = AbortSignal.any([signal, unwritten.signal]);
  const request = { job: id, rows: store.rowsFile(id), out, parent, hyperParameters, method };
  const result = await worker.train(request, stop, (progress) => {
    written = written.then(() => store.addEvent(id, stepEvent(progress)));
    written.catch((error: unknown) => {
      unwritten.abort(error);
    });
  });
  await written;
  return result;
}

function stepEvent({ step, steps, epoch, loss, metrics }: TrainProgress): Omit<StoredJobEvent, 'id' | 'created'> {
  const measured = Object.entries(metrics ?? {}).map(([name, value]) => `, ${name}=${value.toFixed(4)}`);
  const message = `Step ${String(step)}/${String(steps)}: training loss=${loss.toFixed(4)}${measured.join('')}`;
  const data = { step, steps, epoch, loss, ...(metrics === undefined ? {} : { metrics }) };
  return { level: 'info', message, data };
}

async function concluded(
  models: ServedModels,
  job: Job,
  result: Exclude<TrainResult, { readonly end: 'killed' }>,
  out: string,
  parent: string,
): Promise<JobEnd> {
  if (result.end !== 'done') {
    await rm(out, { recursive: true, force: true });
    if (result.end === 'cancelled') return { job, change: { status: 'cancelled' }, message: 'Cancelled.' };
    return { job, change: { status: 'failed', error: result.error }, message: result.error };
  }
  const meta: TunedMeta = {
    v: 1,
    name: job.tunedName,
    parent,
    modelHash: job.modelHash,
    hyperParameters: job.hyperParameters,
    ...(job.method.type === 'supervised' ? {} : { method: job.method }),
    rows: job.rows,
    trainedTokens: result.trainedTokens,
    loss: result.loss,
    created: Math.floor(Date.now() / 1000),
  };
  await replacePrivateFile(join(out, 'meta.json'), JSON.stringify(meta, null, 2) + '\n');
  // Whole or not at all; a twin that another server finished first is as good.
  await rename(out, models.folder(job.tunedName)).catch(async (error: unknown) => {
    if ((await models.peek(job.tunedName)) === null) throw error;
    await rm(out, { recursive: true, force: true });
  });
  const change = { status: 'succeeded', trainedTokens: result.trainedTokens } as const;
  return { job, change, message: `Done: ${job.tunedName} is served.` };
}

async function say(store: JobStore, { id }: Job, message: string): Promise<void> {
  await store.addEvent(id, { level: 'info', message, data: null });
}
