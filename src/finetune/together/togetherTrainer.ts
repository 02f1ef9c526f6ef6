import { canonicalJson } from '../../base/json.ts';
import type { TrainingSet } from '../../data/trainingSet.ts';
import { stopped } from '../../engine/abort.ts';
import { UnknownJob } from '../../engine/errors.ts';
import type { JobStatus, Trainer, TrainingJob } from '../../engine/interfaces.ts';
import type { HostedTrainerOptions } from '../base/hostedTrainer.ts';
import { suffixOf } from '../base/jobMark.ts';
import { cancelJob, readJob, statusOf } from '../base/jobStatus.ts';
import { sendOnce } from '../base/sendOnce.ts';
import { jobState } from '../base/stateWords.ts';
import { trainingFile } from '../base/trainingFile.ts';
import type { TrainingFileOptions } from '../base/trainingFile.ts';
import { isThere } from '../base/tunedModel.ts';
import { asRecord } from './api.ts';
import type { TogetherApi } from './api.ts';
import { createBody } from './createBody.ts';
import type { JobSource } from './createBody.ts';
import { newsOf } from './jobNews.ts';
import { modelOf, servedIn } from './names.ts';
import { uploadRows } from './rowsUpload.ts';
import { togetherMethods } from './settings.ts';
import { jobSchema } from './wire.ts';
import type { Job } from './wire.ts';

export interface TogetherTrainerOptions extends HostedTrainerOptions {
  readonly api: TogetherApi;
  readonly rows: TrainingFileOptions;
}

/** Trains LoRA adapters by Together's fine-tuning jobs. */
export function createTogetherTrainer(options: TogetherTrainerOptions): Trainer {
  return new TogetherTrainer(options);
}

class TogetherTrainer implements Trainer {
  readonly id: string;
  readonly continues = true;
  readonly methods = togetherMethods;
  readonly pollSeconds: number;
  readonly leastRows: number;
  readonly stallSeconds: number;
  readonly #options: TogetherTrainerOptions;

  constructor(options: TogetherTrainerOptions) {
    const { api, rows, base, extra = {} } = options;
    this.#options = options;
    const { identity } = api.client.connection.endpoint;
    this.id = `together:${identity} ${canonicalJson({ ...rows, ...base, extra })}`;
    this.pollSeconds = options.pollSeconds;
    this.leastRows = options.leastRows;
    this.stallSeconds = options.stallSeconds;
  }

  rowsFile(set: TrainingSet): string {
    return trainingFile(set, this.#options.rows);
  }

  async submit(job: TrainingJob, signal: AbortSignal): Promise<string> {
    const { api, extra } = this.#options;
    const { pollSeconds, stallSeconds } = this;
    const upload = { hash: job.hash, rows: this.rowsFile(job.set), pollSeconds, stallSeconds };
    const json = createBody(job, await uploadRows(api, upload, signal), this.#sourceOf(job), extra);
    const sending = {
      what: `a fine-tuning job on "${job.parent}"`,
      post: async (attempt: AbortSignal) =>
        asRecord(jobSchema, await api.once('POST', '/v1/fine-tunes', { json }, attempt)).id,
      find: (attempt: AbortSignal) => this.find(job.hash, attempt),
    };
    return sendOnce(api.client, sending, signal);
  }

  #sourceOf({ parent }: TrainingJob): JobSource {
    const { base } = this.#options;
    if (parent === base.served) return { model: base.trainedAs };
    return { from_checkpoint: servedIn(parent)?.jobId ?? parent };
  }

  /** Jobs carry the hash in their suffix. */
  async find(hash: string, signal: AbortSignal): Promise<string | null> {
    const { api } = this.#options;
    const jobs = await api.list('the list of fine-tuning jobs', '/v1/fine-tunes', jobSchema, signal);
    const suffix = suffixOf(hash);
    const found = jobs.find((job) => {
      const state = jobState(job.status);
      const isOurs = job.suffix === suffix || (job.suffix == null && job.model_output_name?.includes(suffix) === true);
      return isOurs && state !== 'failed' && state !== 'cancelled';
    });
    return found?.id ?? null;
  }

  async poll(jobId: string, afterEvent: string | null, signal: AbortSignal): Promise<JobStatus> {
    const { api } = this.#options;
    const { client } = api;
    const job = await this.#read(jobId, signal);
    // After the status: so the last events of a job that has ended are among them.
    const { events, told } = await newsOf(api, pathOf(jobId), jobId, afterEvent, signal);
    return statusOf(client, jobId, {
      status: job.status,
      model: jobState(job.status) === 'succeeded' ? await this.#modelOf(job, signal) : null,
      trainedTokens: job.token_count,
      said: [],
      events,
      news: told,
    });
  }

  #read(jobId: string, signal: AbortSignal): Promise<Job> {
    const { api } = this.#options;
    const read = async (attempt: AbortSignal) => asRecord(jobSchema, await api.once('GET', pathOf(jobId), {}, attempt));
    return readJob(api.client, jobId, read, signal);
  }

  async #modelOf(job: Job, signal: AbortSignal): Promise<string | null | undefined> {
    const { api, answering } = this.#options;
    return answering === null ? modelOf((await api.project(signal)).slug, job.id) : job.model_output_name;
  }

  cancel(jobId: string): Promise<void> {
    const { api } = this.#options;
    return cancelJob(api.client, jobId, (attempt) => api.once('POST', `${pathOf(jobId)}/cancel`, {}, attempt));
  }

  /** Whether its job made it and is still known; where runs deploy nothing, whether it answers. */
  async serves(model: string, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) throw stopped(signal);
    const { answering, base, entered: account } = this.#options;
    if (answering !== null) return isThere(answering, { model, base: base.served, account }, signal);
    const served = servedIn(model);
    if (served === null) return false;
    try {
      return jobState((await this.#read(served.jobId, signal)).status) === 'succeeded';
    } catch (error) {
      if (error instanceof UnknownJob) return false;
      throw error;
    }
  }
}

const pathOf = (job: string): string => `/v1/fine-tunes/${encodeURIComponent(job)}`;
