import type { TrainingJob } from '../../engine/interfaces.ts';
import type { Connection } from '../../lm/connection.ts';
import { classify } from '../../lm/failures.ts';
import { asksForOlderForm, createBody, type BodyForm, type BodyOptions } from './createBody.ts';
import { wireIdSchema } from './jobWire.ts';
import { isApiError, parsed, refusesContent } from './serviceClient.ts';
import type { ServiceClient } from './serviceClient.ts';
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

  /**
   * Returns the job's id. A job whose creation got no clear answer is looked for before it is asked for again: it must
   * not run twice.
   *
   * @throws CannotList when the answer was lost and the service cannot list its jobs.
   */
  create(job: TrainingJob, file: string, signal: AbortSignal): Promise<string> {
    let perhapsCreated = false;
    const { model, leftOut } = createBody(job, file, this.#form, this.#options);
    this.#warnLeftOut(leftOut);
    return this.#client.ask(`a fine-tuning job on "${model}"`, signal, async (attempt) => {
      if (perhapsCreated) {
        const created = await findJob(this.#client, job.hash, attempt);
        if (created !== null) return created;
      }
      perhapsCreated = true;
      try {
        return await this.#post(job, file, attempt);
      } catch (error) {
        perhapsCreated = !neverStarted(error, this.#client.connection);
        throw error;
      }
    });
  }

  async #post(job: TrainingJob, file: string, signal: AbortSignal): Promise<string> {
    const post = async () => {
      const { body } = createBody(job, file, this.#form, this.#options);
      return parsed(wireIdSchema, await this.#client.post('/fine_tuning/jobs', { json: body }, signal)).id;
    };
    try {
      return await post();
    } catch (error) {
      if (this.#form !== 'method' || this.#options.form !== undefined || !knowsNoMethod(error)) throw error;
      this.#form = 'hyperparameters';
      return post();
    }
  }

  #warnLeftOut(leftOut: readonly string[]): void {
    if (leftOut.length === 0) return;
    const { name } = this.#client.connection.endpoint;
    this.#client.warnOnce(
      `The training service of "${name}" chooses these itself, so they are not sent: ${leftOut.join(', ')}.`,
    );
  }
}

/** Whether a failed request certainly did nothing: never sent, or turned away at the door. */
function neverStarted(error: unknown, connection: Connection): boolean {
  if (isApiError(error) && error.status !== undefined) return error.status === 429 || error.status === 503;
  const failure = classify(error, connection, '');
  return failure.kind === 'retry' && !failure.mayBePaid;
}

function knowsNoMethod(error: unknown): boolean {
  return refusesContent(error) && asksForOlderForm(error.message);
}
