import { canonicalJson } from '../../base/json.ts';
import type { TrainingSet } from '../../data/trainingSet.ts';
import { stopped } from '../../engine/abort.ts';
import type { JobState, JobStatus, Trainer, TrainingJob } from '../../engine/interfaces.ts';
import type { HostedTrainerOptions } from '../base/hostedTrainer.ts';
import { cancelJob, readJob, statusOf } from '../base/jobStatus.ts';
import { goesOn, latestTry, nextId } from '../base/numberedJobs.ts';
import type { Try } from '../base/numberedJobs.ts';
import type { ServiceClient } from '../base/serviceClient.ts';
import { jobState } from '../base/stateWords.ts';
import { trainingFile } from '../base/trainingFile.ts';
import { isThere } from '../base/tunedModel.ts';
import { chosenThere, createBody } from './createBody.ts';
import { asRecord, Gateway } from './gateway.ts';
import { newsOf } from './jobNews.ts';
import type { Naming } from './names.ts';
import { uploadRows } from './rowsUpload.ts';
import { datasetSchema, idIn, jobSchema, modelSchema } from './wire.ts';
import type { Job } from './wire.ts';

export interface FireworksTrainerOptions extends HostedTrainerOptions {
  readonly account: string;
  readonly naming: Naming;
  /** To the gateway, which trains. */
  readonly service: ServiceClient;
}

/** Trains LoRA adapters by Fireworks' supervised fine-tuning jobs. */
export function createFireworksTrainer(options: FireworksTrainerOptions): Trainer {
  return new FireworksTrainer(options);
}

class FireworksTrainer implements Trainer {
  readonly id: string;
  readonly continues = true;
  readonly pollSeconds: number;
  readonly leastRows: number;
  readonly stallSeconds: number;
  readonly #options: FireworksTrainerOptions;
  readonly #gateway: Gateway;

  constructor(options: FireworksTrainerOptions) {
    const { service, account, base, extra = {} } = options;
    this.#options = options;
    this.#gateway = new Gateway(service, account);
    this.id = `fireworks:${service.connection.endpoint.identity} ${canonicalJson({ account, ...base, extra })}`;
    this.pollSeconds = options.pollSeconds;
    this.leastRows = options.leastRows;
    this.stallSeconds = options.stallSeconds;
  }

  /** Jobs take chats alone: a prompt in text is one turn of the user's. */
  rowsFile(set: TrainingSet): string {
    return trainingFile(set, { layout: 'joined', textAsChat: true });
  }

  /** The id is ours and made of the content hash, so Fireworks itself refuses to start the same job twice. */
  async submit(job: TrainingJob, signal: AbortSignal): Promise<string> {
    const last = await this.#last(job.hash, signal);
    if (goesOn(last)) return last.id;
    const id = nextId(job.hash, last);
    const { pollSeconds, stallSeconds } = this;
    const upload = { id: nextId(job.hash, null), rows: this.rowsFile(job.set), pollSeconds, stallSeconds };
    const dataset = this.#gateway.name('datasets', await uploadRows(this.#gateway, upload, signal));
    const { client } = this.#gateway;
    client.sayLeftOut(chosenThere);
    const json = createBody(job, { dataset, from: this.#sourceOf(job) }, this.#options.extra);
    const path = `/supervisedFineTuningJobs?supervisedFineTuningJobId=${id}`;
    // A conflict: somebody sent the very same job a moment ago, or this is our own request come twice.
    await this.#gateway.ask(`a fine-tuning job on "${job.parent}"`, 'POST', path, { json, taken: [409] }, signal);
    return id;
  }

  #sourceOf({ parent }: TrainingJob) {
    const { naming, base } = this.#options;
    const record = naming.recordOf(parent);
    if (record !== null) return { warmStartFrom: record };
    return { baseModel: parent === base.served ? base.trainedAs : parent };
  }

  async find(hash: string, signal: AbortSignal): Promise<string | null> {
    const last = await this.#last(hash, signal);
    return goesOn(last) ? last.id : null;
  }

  #last(hash: string, signal: AbortSignal): Promise<Try | null> {
    return latestTry(hash, (id) => this.#stateOf(id, signal));
  }

  async #stateOf(id: string, signal: AbortSignal): Promise<JobState | null> {
    const found = await this.#gateway.find(`fine-tuning job "${id}"`, pathOf(id), signal);
    return found === null ? null : jobState(asRecord(jobSchema, found).state);
  }

  async poll(jobId: string, afterEvent: string | null, signal: AbortSignal): Promise<JobStatus> {
    const { client } = this.#gateway;
    const read = async (attempt: AbortSignal) =>
      asRecord(jobSchema, await this.#gateway.once('GET', pathOf(jobId), {}, attempt));
    const job = await readJob(client, jobId, read, signal);
    const events = await newsOf(this.#gateway, jobId, job, afterEvent, signal);
    const succeeded = jobState(job.state) === 'succeeded';
    return statusOf(client, jobId, {
      status: job.state,
      model: succeeded ? this.#options.naming.modelOf(idIn(job.outputModel ?? jobId)) : null,
      trainedTokens: succeeded ? await this.#tokensOf(job, signal) : null,
      said: [job.status?.message, codeOf(job)],
      events,
      news: [],
    });
  }

  /** Fireworks bills the tokens of the data set, once an epoch; it counts them when it takes the rows. */
  async #tokensOf({ dataset, epochs }: Job, signal: AbortSignal): Promise<number | null> {
    if (dataset == null || epochs == null) return null;
    const found = await this.#gateway.find('a data set', `/datasets/${idIn(dataset)}`, signal);
    const tokens = found === null ? null : asRecord(datasetSchema, found).estimatedTokenCount;
    return tokens == null || tokens === 0 ? null : tokens * epochs;
  }

  cancel(jobId: string): Promise<void> {
    return cancelJob(this.#gateway.client, jobId, (attempt) =>
      this.#gateway.once('POST', `${pathOf(jobId)}:cancel`, { json: {} }, attempt),
    );
  }

  /** Whether its weights are there; where runs deploy nothing, whether it answers. */
  async serves(model: string, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) throw stopped(signal);
    const { naming, answering, base, entered: account } = this.#options;
    if (answering !== null) return isThere(answering, { model, base: base.served, account }, signal);
    const record = naming.recordOf(model);
    if (record === null) return false;
    const found = await this.#gateway.find(`the model "${record}"`, `/models/${idIn(record)}`, signal);
    return found !== null && asRecord(modelSchema, found).state !== 'UPLOADING';
  }
}

const pathOf = (job: string): string => `/supervisedFineTuningJobs/${encodeURIComponent(job)}`;

const codeOf = ({ status }: Job): string | null => (status?.code === 'OK' ? null : (status?.code ?? null));
