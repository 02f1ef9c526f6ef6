import { given } from '../../base/given.ts';
import { canonicalJson } from '../../base/json.ts';
import { EndpointRefused } from '../../engine/errors.ts';
import type { Checkpoint, JobStatus, Trainer, TrainingJob } from '../../engine/interfaces.ts';
import type { TrainingMethod, TrainingSet } from '../../data/trainingSet.ts';
import type { ProbeAccount } from '../../lm/capabilities.ts';
import type { Connection } from '../../lm/connection.ts';
import type { RetryOptions } from '../../lm/retry.ts';
import { methodsIn } from './createBody.ts';
import type { BodyForm, BodyOptions } from './createBody.ts';
import type { TrainerProfile } from '../base/hyperParameters.ts';
import { noAccount } from '../base/noAccount.ts';
import { findJob } from './earlierJob.ts';
import { JobCreation } from './jobCreation.ts';
import { hostedClient } from '../base/hostedClient.ts';
import { cancelJob } from '../base/jobStatus.ts';
import { jobCheckpoints, jobStatus, pathOf } from './jobNews.ts';
import { uploadRows } from './rowsUpload.ts';
import { isRefusal, ServiceClient } from '../base/serviceClient.ts';
import { isGone, isListed, isThere } from '../base/tunedModel.ts';
import type { ModelQuestion } from '../base/tunedModel.ts';
import { trainingFile, type TrainingFileOptions } from '../base/trainingFile.ts';

export interface OpenAiTrainerOptions {
  readonly connection: Connection;
  /** The endpoint that tuned models are to answer at, where it is not the one that trains them. */
  readonly inference?: Connection;
  readonly profile: TrainerProfile;
  readonly rows: TrainingFileOptions;
  readonly pollSeconds: number;
  /** Whether jobs may start from a tuned model. Default: the embedded endpoint and OpenAI can, others are not known to. */
  readonly continues?: boolean;
  /** The base model's name at the endpoint and, where the service knows it under another one, at the service. */
  readonly base?: BodyOptions['base'];
  /** Where hyper-parameters are; left out: the current place, and the older one where that is refused. */
  readonly form?: BodyForm;
  readonly hyperParameters?: BodyOptions['hyperParameters'];
  readonly extra?: BodyOptions['extra'];
  readonly leastRows?: number;
  readonly stallSeconds?: number;
  /** Something the user should know, once each. */
  readonly onWarning: (message: string) => void;
  /** Where the call is entered that asks whether a tuned model answers. Default: nowhere. */
  readonly account?: ProbeAccount;
  readonly retry?: RetryOptions;
}

/** Trains over the OpenAI wire: `/v1/files`, `/v1/fine_tuning/jobs`. */
export function createOpenAiTrainer(options: OpenAiTrainerOptions): Trainer {
  return new OpenAiTrainer(options);
}

class OpenAiTrainer implements Trainer {
  readonly id: string;
  readonly continues: boolean;
  readonly methods: readonly TrainingMethod[];
  readonly pollSeconds: number;
  readonly leastRows: number;
  readonly stallSeconds: number;
  readonly #options: OpenAiTrainerOptions;
  readonly #service: ServiceClient;
  /** What is to answer as the tuned model; the service itself, where that is one. */
  readonly #endpoint: ServiceClient;
  readonly #creation: JobCreation;

  constructor(options: OpenAiTrainerOptions) {
    const { connection, inference, retry, onWarning } = options;
    this.#options = options;
    this.id = trainerId(options);
    this.continues = options.continues ?? options.profile !== 'nebius';
    this.methods = methodsIn(options.form, options.profile);
    this.pollSeconds = options.pollSeconds;
    this.leastRows = options.leastRows ?? 1;
    this.stallSeconds = options.stallSeconds ?? Infinity;
    this.#service = hostedClient(connection, onWarning, retry);
    this.#endpoint =
      inference === undefined
        ? this.#service
        : new ServiceClient({ connection: inference, who: 'Endpoint', onWarning, ...given({ retry }) });
    this.#creation = new JobCreation(this.#service, options);
  }

  rowsFile(set: TrainingSet): string {
    return trainingFile(set, this.#options.rows);
  }

  async submit(job: TrainingJob, signal: AbortSignal): Promise<string> {
    const { pollSeconds, stallSeconds } = this;
    const upload = { hash: job.hash, rows: this.rowsFile(job.set), pollSeconds, stallSeconds };
    return this.#creation.create(job, await uploadRows(this.#service, upload, signal), signal);
  }

  find(hash: string, signal: AbortSignal): Promise<string | null> {
    return findJob(this.#service, hash, signal);
  }

  poll(jobId: string, afterEvent: string | null, signal: AbortSignal): Promise<JobStatus> {
    return jobStatus(this.#service, jobId, afterEvent, signal);
  }

  /** Checkpoints that answer where the tuned model does. */
  checkpoints(jobId: string, signal: AbortSignal): Promise<readonly Checkpoint[]> {
    if (this.#endpoint !== this.#service) return Promise.resolve([]);
    const isGoneNow = (model: string, own: AbortSignal) => isGone(this.#service, this.#questionOf(model), own);
    return jobCheckpoints(this.#service, jobId, isGoneNow, signal);
  }

  cancel(jobId: string): Promise<void> {
    const { openai } = this.#service.connection;
    return cancelJob(this.#service, jobId, (signal) => openai.post(`${pathOf(jobId)}/cancel`, { signal }));
  }

  /**
   * @throws EndpointRefused when the service has the model and the endpoint that is to answer has not: training again
   *   would be paid for and would not bring it there.
   */
  async serves(model: string, signal: AbortSignal): Promise<boolean> {
    if (await isThere(this.#endpoint, this.#questionOf(model), signal)) return true;
    if (this.#endpoint === this.#service || !(await this.#isKept(model, signal))) return false;
    const [to, from] = [this.#endpoint.connection.endpoint, this.#service.connection.endpoint];
    throw new EndpointRefused(
      `Endpoint "${to.name}" (${to.baseURL}) does not serve "${model}", which was trained at ${from.baseURL} and is ` +
        'still there. Load it into the endpoint under this name, then resume.',
    );
  }

  #questionOf(model: string): ModelQuestion {
    const { base, account = noAccount } = this.#options;
    return { model, base: base?.served ?? null, account };
  }

  /** Whether the service lists the model; one that lists none does not. */
  async #isKept(model: string, signal: AbortSignal): Promise<boolean> {
    try {
      return await isListed(this.#service, model, signal);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return false;
    }
  }
}

/**
 * All that decides the weights beside the job itself: where it is trained, in which of the service's ways, how its rows
 * are written, and on which model the base's name there means.
 */
function trainerId({ connection, profile, rows, base, hyperParameters, extra }: OpenAiTrainerOptions): string {
  const renamed = base === undefined || base.served === base.trainedAs ? '' : ` ${base.served}=${base.trainedAs}`;
  const text = rows.textAsChat ? 'chat' : 'completion';
  const more = { ...(hyperParameters && { hyperParameters }), ...(extra && { extra }) };
  const added = Object.keys(more).length === 0 ? '' : ` ${canonicalJson(more)}`;
  return `openai:${connection.endpoint.identity} ${profile} rows=${rows.layout} text=${text}${renamed}${added}`;
}
