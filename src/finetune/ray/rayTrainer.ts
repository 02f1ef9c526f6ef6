import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../../base/replaceFile.ts';
import type * as z from 'zod';
import { HumanError, messageOf } from '../../base/errors.ts';
import type { JsonValue } from '../../base/json.ts';
import { shown } from '../../base/keys.ts';
import { canonicalJson } from '../../base/json.ts';
import { trainingMethods } from '../../data/trainingSet.ts';
import type { TrainingSet } from '../../data/trainingSet.ts';
import { UnknownJob } from '../../engine/errors.ts';
import type { Connection } from '../../lm/connection.ts';
import { BrokenAnswer } from '../../wire/answerErrors.ts';
import type { RetryOptions } from '../../lm/retry.ts';
import { goesOn, latestTry, nextId } from '../base/numberedJobs.ts';
import type { Try } from '../base/numberedJobs.ts';
import { PlainClient } from '../base/plainRequest.ts';
import type { PlainAnswer } from '../base/plainRequest.ts';
import type { AdapterJob, AdapterStatus, AdapterTrainer } from '../serving/servedTrainer.ts';
import { methodHyperParameters } from '../base/hyperParameters.ts';
import { trainingFile } from '../base/trainingFile.ts';
import { checkJobsApi } from './jobsApi.ts';
import { failureOf, rayJobSchema, rayLogsSchema, rayState, readLogs } from './rayWire.ts';
import { packWorkingDir } from './workingDir.ts';

export interface RayTrainerOptions {
  /** To the dashboard, which serves the Jobs API. */
  readonly connection: Connection;
  /** The folder that holds the Python package of the trainer. */
  readonly sources: string;
  /** The base model as the cluster's nodes know it: a folder, a GGUF file or a name on the hub. */
  readonly model: string;
  readonly workers: number;
  readonly cpusPerWorker: number;
  readonly gpusPerWorker: number;
  readonly dtype: 'auto' | 'float32' | 'bfloat16';
  /** Where adapters go, on a disk that all nodes share. */
  readonly storage: string;
  /** The same folder as this machine sees it; `null`: rows are uploaded. */
  readonly sharedFolder: string | null;
  readonly python: string;
  readonly runtimeEnv: Readonly<Record<string, JsonValue>>;
  readonly textAsChat: boolean;
  readonly pollSeconds: number;
  readonly stallSeconds: number;
  readonly leastRows?: number;
  readonly retry?: RetryOptions;
}

/** Trains on a Ray cluster through its Jobs REST API; the training function is `ray_job.py` of our trainer. */
export function createRayTrainer(options: RayTrainerOptions): AdapterTrainer {
  return new RayTrainer(options);
}

class RayTrainer implements AdapterTrainer {
  readonly id: string;
  readonly methods = trainingMethods;
  readonly continues = true;
  readonly pollSeconds: number;
  readonly stallSeconds: number;
  readonly leastRows: number;
  readonly #options: RayTrainerOptions;
  readonly #client: PlainClient;

  constructor(options: RayTrainerOptions) {
    const { connection, model, workers, dtype, storage, textAsChat, retry } = options;
    this.#options = options;
    this.#client = new PlainClient(connection, 'The Ray cluster of', retry);
    this.id = `ray:${connection.endpoint.identity} ${canonicalJson({ model, workers, dtype, storage, textAsChat })}`;
    this.pollSeconds = options.pollSeconds;
    this.stallSeconds = options.stallSeconds;
    this.leastRows = options.leastRows ?? 1;
  }

  rowsFile(set: TrainingSet): string {
    return trainingFile(set, { layout: 'apart', textAsChat: this.#options.textAsChat });
  }

  /**
   * The submission id is made of the content hash, so Ray itself refuses to start the same job twice. Only a job that
   * has ended badly is followed by another, under the next id.
   */
  async submit(job: AdapterJob, signal: AbortSignal): Promise<string> {
    const last = await this.#last(job.hash, signal);
    if (goesOn(last)) return last.id;
    const id = nextId(job.hash, last);
    const { runtimeEnv, python } = this.#options;
    const rows = await this.#placeRows(job);
    const files = {
      'job.json': JSON.stringify(this.#settings(job, id, rows)),
      ...(rows.upload && { [rows.name]: rows.text }),
    };
    const uri = await this.#upload(files, signal);
    const json = {
      entrypoint: `${quoted(python)} -m bettertogether_trainer.ray_job job.json`,
      submission_id: id,
      runtime_env: { ...runtimeEnv, working_dir: uri },
      metadata: { bettertogether: job.hash },
    };
    // Refused: somebody sent the very same job a moment ago, or this is our own request come twice.
    const exists = ({ text }: PlainAnswer) => /already exists/i.test(text);
    const what = `a training job of "${this.#options.model}"`;
    await this.#client.ask({ method: 'POST', url: this.#url('/api/jobs/'), json, what, take: exists }, signal);
    return id;
  }

  #settings(job: AdapterJob, id: string, rows: { readonly name: string }): JsonValue {
    const { model, workers, cpusPerWorker, gpusPerWorker, dtype, storage } = this.#options;
    const { epochs, learningRate, schedule, batchSize, lora, seed } = job.hyperParameters;
    return {
      model,
      workers,
      cpusPerWorker,
      gpusPerWorker,
      dtype,
      storage,
      name: id,
      job: {
        type: 'train',
        job: id,
        rows: rows.name,
        out: `${storage}/${id}`,
        parent: job.parentFolder,
        epochs,
        learning_rate: learningRate,
        schedule,
        batch_size: batchSize,
        rank: lora.rank,
        alpha: lora.alpha,
        targets: lora.targets,
        seed,
        ...(job.set.method !== 'supervised' && { method: job.set.method }),
        ...methodHyperParameters(job.set),
      },
    };
  }

  async #placeRows({ set, hash }: AdapterJob) {
    const { sharedFolder, storage } = this.#options;
    const text = this.rowsFile(set);
    if (sharedFolder === null) return { name: 'rows.jsonl', text, upload: true };
    const file = join('rows', `${hash.slice(0, 32)}.jsonl`);
    try {
      await mkdir(join(sharedFolder, 'rows'), { recursive: true });
      await replaceFile(join(sharedFolder, file), text);
    } catch (error) {
      throw new HumanError(`The training rows could not be written to ${sharedFolder}: ${messageOf(error)}.`, {
        cause: error,
      });
    }
    return { name: `${storage}/${file}`, text, upload: false };
  }

  /** Ray keeps packages by name; one that is there already is not sent again. */
  async #upload(files: Readonly<Record<string, string>>, signal: AbortSignal): Promise<string> {
    const { name, bytes } = await packWorkingDir(this.#options.sources, files);
    const url = this.#url(`/api/packages/gcs/${name}`);
    const what = 'the upload of training rows';
    const known = await this.#client.ask({ method: 'GET', url, what, take: isMissing }, signal);
    if (known.status === 404) await this.#client.ask({ method: 'PUT', url, bytes, what, take: () => false }, signal);
    return `gcs://${name}`;
  }

  async find(hash: string, signal: AbortSignal): Promise<string | null> {
    const last = await this.#last(hash, signal);
    return goesOn(last) ? last.id : null;
  }

  #last(hash: string, signal: AbortSignal): Promise<Try | null> {
    return latestTry(hash, async (id) => {
      const job = await this.#read(id, signal);
      return job === null ? null : rayState(job.status);
    });
  }

  async #read(id: string, signal: AbortSignal) {
    const url = this.#url(`/api/jobs/${encodeURIComponent(id)}`);
    const answer = await this.#client.ask(
      { method: 'GET', url, what: `training job "${id}"`, take: isMissing },
      signal,
    );
    if (answer.status !== 404) return parsed(rayJobSchema, answer.text);
    checkJobsApi(this.#client.connection, answer);
    return null;
  }

  async poll(jobId: string, afterEvent: string | null, signal: AbortSignal): Promise<AdapterStatus> {
    const job = await this.#read(jobId, signal);
    if (job === null) {
      const { name, baseURL } = this.#client.connection.endpoint;
      throw new UnknownJob(
        `The Ray cluster of "${name}" (${baseURL}) does not know training job "${jobId}" (any more).`,
      );
    }
    const state = rayState(job.status);
    // After the status: the last events of a job that has ended are among them.
    const url = this.#url(`/api/jobs/${encodeURIComponent(jobId)}/logs`);
    const what = `the log of training job "${jobId}"`;
    const answer = await this.#client.ask({ method: 'GET', url, what, take: isMissing }, signal);
    const logs = answer.status === 404 ? '' : parsed(rayLogsSchema, answer.text).logs;
    const { events, error, adapter, trainedTokens } = readLogs(logs, afterEvent, Date.now());
    const tokens = trainedTokens === undefined ? {} : { trainedTokens };
    if (state === 'succeeded' && adapter !== undefined) return { state, events, adapter, ...tokens };
    if (state === 'succeeded') return { state: 'failed', events, error: 'The job ended well, but names no adapter.' };
    if (state !== 'failed') return { state, events };
    return { state, events, error: shown(error ?? failureOf(job)) };
  }

  async cancel(jobId: string): Promise<void> {
    const url = this.#url(`/api/jobs/${encodeURIComponent(jobId)}/stop`);
    const what = `training job "${jobId}"`;
    await this.#client.ask({ method: 'POST', url, what, take: isMissing }, AbortSignal.timeout(30_000));
  }

  #url(path: string): string {
    return `${this.#client.connection.endpoint.baseURL}${path}`;
  }
}

const isMissing = ({ status }: PlainAnswer): boolean => status === 404;

/** The entry point is a line for a shell. */
function quoted(program: string): string {
  return /^[\w./-]+$/.test(program) ? program : `'${program.replaceAll("'", `'\\''`)}'`;
}

function parsed<T>(schema: z.ZodType<T>, text: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new BrokenAnswer("not of Ray's shape", text);
  }
}
