import type { TrainingJob } from '../../engine/interfaces.ts';
import { asksForOlderForm, createBody, type BodyForm, type BodyOptions } from './createBody.ts';
import { wireIdSchema } from './jobWire.ts';
import { sendOnce } from '../base/sendOnce.ts';
import { parsed, refusesContent } from '../base/serviceClient.ts';
import type { ServiceClient } from '../base/serviceClient.ts';
import { findJob } from './earlierJob.ts';

export interface CreationOptions extends BodyOptions {
  /** Where hyper-parameters are; left out: the current place, and the older one where that is refused. */
  readonly form?: BodyForm;
}

/** Starts jobs, in the form that the service has been found to take. */
export class JobCreation {
  readonly #client: ServiceClient;
  readonly #options: CreationOptions;
  #form: BodyForm;

  constructor(client: ServiceClient, options: CreationOptions) {
    this.#client = client;
    this.#options = options;
    this.#form = options.form ?? 'method';
  }

  /** Returns the job's id; see `sendOnce`. */
  create(job: TrainingJob, file: string, signal: AbortSignal): Promise<string> {
    const { model, leftOut } = createBody(job, file, this.#form, this.#options);
    this.#client.sayLeftOut(leftOut);
    const sending = {
      what: `a fine-tuning job on "${model}"`,
      post: (attempt: AbortSignal) => this.#post(job, file, attempt),
      find: (attempt: AbortSignal) => findJob(this.#client, job.hash, attempt),
    };
    return sendOnce(this.#client, sending, signal);
  }

  async #post(job: TrainingJob, file: string, signal: AbortSignal): Promise<string> {
    const post = async () => {
      const { body } = createBody(job, file, this.#form, this.#options);
      return parsed(wireIdSchema, await this.#client.post('/fine_tuning/jobs', { json: body }, signal)).id;
    };
    try {
      return await post();
    } catch (error) {
      // The older place knows no method: a job of preferences would be trained as another one there.
      if (job.set.method !== 'supervised') throw error;
      if (this.#form !== 'method' || this.#options.form !== undefined || !knowsNoMethod(error)) throw error;
      this.#form = 'hyperparameters';
      return post();
    }
  }
}

function knowsNoMethod(error: unknown): boolean {
  return refusesContent(error) && asksForOlderForm(error.message);
}
