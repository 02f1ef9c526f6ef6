import { APIError } from 'openai';
import * as z from 'zod';
import { messageOf } from '../data/errors.ts';
import { shown } from '../data/keys.ts';
import { canonicalJson } from '../data/json.ts';
import { jobEventsAtMost, listPagesAtMost } from '../data/limits.ts';
import { CallRejected, CannotList, EndpointRefused, EndpointUnavailable } from '../engine/errors.ts';
import { JobNotSent, UnknownJob } from '../engine/errors.ts';
import { sleep } from '../engine/abort.ts';
import { minutesOf } from '../engine/training.ts';
import type { Checkpoint, JobStatus, Trainer, TrainingJob } from '../engine/interfaces.ts';
import type { TrainingRow } from '../data/trace.ts';
import type { Connection } from '../lm/connection.ts';
import { whereToLook } from '../lm/endpoint.ts';
import { BrokenAnswer, classify } from '../lm/failures.ts';
import { withOwnSignal } from '../lm/ownSignal.ts';
import { EndpointHealth, withRetries, type RetryOptions } from '../lm/retry.ts';
import { asksForOlderForm, createBody, type BodyForm, type BodyOptions } from './createBody.ts';
import type { TrainerProfile } from './hyperParameters.ts';
import { marks } from './jobMark.ts';
import { fileState, jobEvent, jobState, trainedTokens, wireCheckpointSchema } from './jobWire.ts';
import { wireEventSchema, wireFileSchema, wireJobSchema } from './jobWire.ts';
import type { WireEvent, WireFile, WireJob } from './jobWire.ts';
import { sendPlain } from './plainRequest.ts';
import { trainingFile, type TrainingFileOptions } from './trainingFile.ts';

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
  /** Where hyper-parameters stand; left out: the current place, and the older one where that is refused. */
  readonly form?: BodyForm;
  readonly hyperParameters?: BodyOptions['hyperParameters'];
  readonly extra?: BodyOptions['extra'];
  readonly leastRows?: number;
  readonly stallSeconds?: number;
  /** Something the user should know, once each. */
  readonly onWarning: (message: string) => void;
  readonly retry?: RetryOptions;
}

/** Trains over the OpenAI wire: `/v1/files`, `/v1/fine_tuning/jobs`. */
export function createOpenAiTrainer(options: OpenAiTrainerOptions): Trainer {
  return new OpenAiTrainer(options);
}

const pageSize = 100;
/** Checkpoints that are asked for one by one, whether they answer. */
const checkpointsAtMost = 100;
/** Jobs that carry nothing but a file id are asked for the file's name; of so many at most. */
const filesAskedAtMost = 200;

class OpenAiTrainer implements Trainer {
  readonly id: string;
  readonly continues: boolean;
  readonly pollSeconds: number;
  readonly leastRows: number;
  readonly stallSeconds: number;
  readonly #options: OpenAiTrainerOptions;
  #form: BodyForm;
  readonly #health = new EndpointHealth();
  readonly #inferenceHealth = new EndpointHealth();
  readonly #warned = new Set<string>();

  constructor(options: OpenAiTrainerOptions) {
    this.#options = options;
    this.id = trainerId(options);
    this.continues = options.continues ?? options.profile !== 'nebius';
    this.pollSeconds = options.pollSeconds;
    this.leastRows = options.leastRows ?? 1;
    this.stallSeconds = options.stallSeconds ?? Infinity;
    this.#form = options.form ?? 'method';
  }

  rowsFile(rows: readonly TrainingRow[]): string {
    return trainingFile(rows, this.#options.rows);
  }

  async submit(job: TrainingJob, signal: AbortSignal): Promise<string> {
    return this.#create(job, await this.#upload(job, signal), signal);
  }

  /** @throws JobNotSent when the service gave up. */
  async #upload(job: TrainingJob, signal: AbortSignal): Promise<string> {
    try {
      const file = await this.#send(job, signal);
      await this.#taken(file, signal);
      return file.id;
    } catch (error) {
      throw error instanceof EndpointUnavailable ? new JobNotSent(error.message, { cause: error }) : error;
    }
  }

  /** Uploading twice costs nothing, so it is retried like any request. */
  #send(job: TrainingJob, signal: AbortSignal): Promise<WireFile> {
    const content = Buffer.from(this.rowsFile(job.rows));
    return this.#ask('the upload of training rows', signal, async (attempt) => {
      const form = new FormData();
      form.set('purpose', 'fine-tune');
      form.set('file', new File([content], `bettertogether-${job.hash}.jsonl`, { type: 'application/jsonl' }));
      return parsed(wireFileSchema, await this.#post('/files', { form }, attempt));
    });
  }

  /**
   * Waits until the service has looked at the file, where it says that it does (Azure).
   *
   * @throws EndpointUnavailable when its status has not changed for too long.
   */
  async #taken(uploaded: WireFile, signal: AbortSignal): Promise<void> {
    let since = performance.now();
    for (let file = uploaded; ;) {
      const state = fileState(file.status);
      if (state === 'ready') return;
      if (state === 'refused')
        throw this.#refusal('the training file', file.status_details ?? `it is "${file.status}"`);
      const seconds = (performance.now() - since) / 1000;
      if (seconds > this.stallSeconds) throw this.#notTaken(file, seconds);
      await sleep(this.pollSeconds * 1000, signal);
      const before = file;
      file = await this.#ask('a training file', signal, async (attempt) => {
        const path = `/files/${encodeURIComponent(uploaded.id)}`;
        return parsed(wireFileSchema, await this.#options.connection.openai.get(path, { signal: attempt }));
      });
      if (file.status !== before.status || file.status_details !== before.status_details) since = performance.now();
    }
  }

  #notTaken({ id, status }: WireFile, seconds: number): EndpointUnavailable {
    const { connection } = this.#options;
    const { name, baseURL } = connection.endpoint;
    return new EndpointUnavailable(
      `The training service of "${name}" (${baseURL}) has had the training file ${shown(id)} as ` +
        `"${shown(status ?? '')}" for ${minutesOf(seconds)}, and has begun nothing. Look at the training ` +
        'service. `bettertogether resume` sends the rows again; "stallMinutes" of the endpoint\'s "fineTune" says how ' +
        'long to wait.',
    );
  }

  #refusal(what: string, said: string): CallRejected {
    const { connection } = this.#options;
    const { name, baseURL } = connection.endpoint;
    return new CallRejected(
      `The training service of "${name}" (${baseURL}) does not take ${what}: ${shown(said)}. ` +
        'Nothing was started; the rows as sent lie in the rows folder of the run.',
    );
  }

  /** A job whose creation got no clear answer is looked for before it is asked for again: it must not run twice. */
  async #create(job: TrainingJob, file: string, signal: AbortSignal): Promise<string> {
    let perhapsCreated = false;
    const { model, leftOut } = createBody(job, file, this.#form, this.#options);
    this.#warnLeftOut(leftOut);
    return this.#ask(`a fine-tuning job on "${model}"`, signal, async (attempt) => {
      if (perhapsCreated) {
        const created = await this.find(job.hash, attempt);
        if (created !== null) return created;
      }
      const post = async () => {
        const { body } = createBody(job, file, this.#form, this.#options);
        return parsed(idSchema, await this.#post('/fine_tuning/jobs', { json: body }, attempt)).id;
      };
      perhapsCreated = true;
      try {
        return await post().catch((error: unknown) => {
          if (this.#form !== 'method' || this.#options.form !== undefined || !knowsNoMethod(error)) throw error;
          this.#form = 'hyperparameters';
          return post();
        });
      } catch (error) {
        perhapsCreated = !neverStarted(error, this.#options.connection);
        throw error;
      }
    });
  }

  async #post(path: string, content: { json?: unknown; form?: FormData }, signal: AbortSignal): Promise<unknown> {
    const { connection } = this.#options;
    const url = `${connection.endpoint.baseURL}${path}`;
    const { text } = await sendPlain(connection, { method: 'POST', url, ...content, take: () => false }, signal);
    try {
      return JSON.parse(text);
    } catch {
      throw new BrokenAnswer('not JSON', text);
    }
  }

  #warnLeftOut(leftOut: readonly string[]): void {
    if (leftOut.length === 0) return;
    const { name } = this.#options.connection.endpoint;
    this.#warnOnce(
      `The training service of "${name}" chooses these itself, so they are not sent: ${leftOut.join(', ')}.`,
    );
  }

  async find(hash: string, signal: AbortSignal): Promise<string | null> {
    let asked = 0;
    for await (const job of this.#pages('/fine_tuning/jobs', wireJobSchema, 'the list of fine-tuning jobs', signal)) {
      const state = jobState(job.status);
      // One that failed or was cancelled is no job to go on with.
      if (state === 'failed' || state === 'cancelled') continue;
      const marked = marks(job, hash);
      if (marked === true) return job.id;
      if (marked === null && asked++ < filesAskedAtMost && (await this.#fileCarries(job, hash, signal))) return job.id;
    }
    return null;
  }

  async #fileCarries(job: WireJob, hash: string, signal: AbortSignal): Promise<boolean> {
    if (job.training_file == null || job.training_file === '') return false;
    try {
      const file = await this.#ask('a training file', signal, (attempt) =>
        this.#options.connection.openai.get(`/files/${encodeURIComponent(job.training_file!)}`, { signal: attempt }),
      );
      return z.object({ filename: z.string() }).safeParse(file).data?.filename.includes(hash) ?? false;
    } catch (error) {
      // Files may be deleted once a job has run.
      if (error instanceof EndpointRefused || error instanceof CallRejected) return false;
      throw error;
    }
  }

  async poll(jobId: string, afterEvent: string | null, signal: AbortSignal): Promise<JobStatus> {
    const { openai } = this.#options.connection;
    const path = `/fine_tuning/jobs/${encodeURIComponent(jobId)}`;
    const job = await this.#ask(`fine-tuning job "${jobId}"`, signal, async (attempt) => {
      try {
        return parsed(wireJobSchema, await openai.get(path, { signal: attempt }));
      } catch (error) {
        throw isUnknown(error) ? this.#unknownJob(jobId, error) : error;
      }
    });
    // After the status: so the last events of a job that has ended are among them.
    const news = await this.#eventsAfter(path, afterEvent, signal);
    const events = news.map(jobEvent);
    const state = jobState(job.status);
    const tokens = trainedTokens(job);
    if (tokens === undefined) this.#sayTokensRefused(jobId);
    if (state === 'succeeded' && (job.fine_tuned_model ?? '') === '') {
      return { state: 'failed', events, error: 'The service says the job succeeded, but names no model.' };
    }
    return {
      state,
      events,
      ...(state === 'succeeded' ? { model: job.fine_tuned_model! } : {}),
      ...(tokens == null ? {} : { trainedTokens: tokens }),
      ...(state === 'failed' ? { error: this.#errorOf(job, news) } : {}),
    };
  }

  #sayTokensRefused(jobId: string): void {
    const { name, baseURL } = this.#options.connection.endpoint;
    this.#warnOnce(
      `The training service of "${name}" (${baseURL}) reports a number of trained tokens for job ${jobId} that cannot be. ` +
        'It is not taken: the job counts against a cap at its worst.',
    );
  }

  #unknownJob(id: string, error: APIError): UnknownJob {
    const { connection } = this.#options;
    const { name, baseURL } = connection.endpoint;
    return new UnknownJob(
      `The training service of "${name}" (${baseURL}) does not know fine-tuning job "${id}" (any more): ` +
        shown(error.message),
    );
  }

  /** Some services say why a job failed only in its events. */
  #errorOf({ error }: WireJob, events: readonly WireEvent[]): string {
    const told = events.findLast(({ level }) => level === 'error')?.message;
    const said = [error?.message, error?.code, told].find((text) => text != null && text !== '');
    return shown(said ?? 'The service gives no reason.');
  }

  /** Checkpoints that answer where the tuned model does; a service that keeps none has no such list. */
  async checkpoints(jobId: string, signal: AbortSignal): Promise<readonly Checkpoint[]> {
    if (this.#options.inference !== undefined) return [];
    const path = `/fine_tuning/jobs/${encodeURIComponent(jobId)}/checkpoints`;
    const page = z.object({ data: z.array(wireCheckpointSchema) });
    try {
      const { data } = await this.#list(path, { limit: String(pageSize) }, page, 'the checkpoints of a job', signal);
      const found = data
        .slice(-checkpointsAtMost)
        .map((one) => ({ model: one.fine_tuned_model_checkpoint, step: one.step_number }));
      const served = await Promise.all(found.map(({ model }) => this.#lists(this.#options.connection, model, signal)));
      return found.filter((_, place) => served[place]).sort((a, b) => b.step - a.step);
    } catch (error) {
      if (error instanceof CannotList) return [];
      throw error;
    }
  }

  /** Services list the newest first; a service that lists the oldest first is told by its times. */
  async #eventsAfter(path: string, after: string | null, signal: AbortSignal): Promise<readonly WireEvent[]> {
    const newestFirst: WireEvent[] = [];
    try {
      // Of more, the newest tell where the job is.
      for await (const event of this.#pages(`${path}/events`, wireEventSchema, 'the events of a job', signal)) {
        const ascending = newestFirst.length > 0 && newestFirst[0]!.created_at < event.created_at;
        if ((event.id === after && !ascending) || newestFirst.length >= jobEventsAtMost) break;
        newestFirst.push(event);
      }
    } catch (error) {
      // Events are news, not results: a service without them still trains.
      if (!(error instanceof CannotList)) throw error;
    }
    const first = newestFirst[0];
    const last = newestFirst.at(-1);
    if (first === undefined || last === undefined || first.created_at >= last.created_at) return newestFirst.reverse();
    const seen = newestFirst.findIndex((event) => event.id === after);
    return newestFirst.slice(seen + 1);
  }

  async cancel(jobId: string): Promise<void> {
    const { openai } = this.#options.connection;
    const path = `/fine_tuning/jobs/${encodeURIComponent(jobId)}/cancel`;
    const signal = AbortSignal.timeout(30_000);
    try {
      await this.#ask(`fine-tuning job "${jobId}"`, signal, async (attempt) => {
        try {
          await openai.post(path, { signal: attempt });
        } catch (error) {
          if (!isUnknown(error)) throw error;
        }
      });
    } catch (error) {
      // A job that has ended cannot be cancelled any more, which is as good.
      if (!(error instanceof CallRejected)) throw error;
    }
  }

  /**
   * @throws EndpointRefused when the service has the model and the endpoint that is to answer has not: training again
   *   would be paid for and would not bring it there.
   */
  async serves(model: string, signal: AbortSignal): Promise<boolean> {
    const { connection, inference = connection } = this.#options;
    if (await this.#lists(inference, model, signal)) return true;
    if (inference === connection || !(await this.#lists(connection, model, signal))) return false;
    const [to, from] = [inference.endpoint, connection.endpoint];
    throw new EndpointRefused(
      `Endpoint "${to.name}" (${to.baseURL}) does not serve "${model}", which was trained at ${from.baseURL} and is ` +
        'still there. Load it into the endpoint under this name, then resume.',
    );
  }

  async #lists(connection: Connection, model: string, signal: AbortSignal): Promise<boolean> {
    const get = (path: string) => {
      const request = async (attempt: AbortSignal) => {
        try {
          return await connection.openai.get(path, { signal: attempt });
        } catch (error) {
          if (error instanceof APIError && (error.status === 404 || error.status === 405)) return null;
          throw error;
        }
      };
      return this.#ask('the list of models', signal, request, connection);
    };
    if ((await get(`/models/${encodeURIComponent(model)}`)) !== null) return true;
    // vLLM lists models but has no route for a single one.
    const listed = z.object({ data: z.array(z.object({ id: z.string() })) }).safeParse(await get('/models'));
    return listed.data?.data.some((one) => one.id === model) ?? false;
  }

  /** Items of a paginated list, newest first as services give them. */
  async *#pages<T extends { readonly id: string }>(
    path: string,
    schema: z.ZodType<T>,
    what: string,
    signal: AbortSignal,
  ): AsyncGenerator<T> {
    const page = z.object({ data: z.array(schema), has_more: z.boolean().nullish() });
    let after: string | null = null;
    for (let pages = 0; pages < listPagesAtMost; pages++) {
      const query: Record<string, string> = { limit: String(pageSize), ...(after === null ? {} : { after }) };
      const { data, has_more } = await this.#list(path, query, page, what, signal);
      yield* data;
      const last = data.at(-1)?.id ?? null;
      // A service that ignores `after` would give the same page for ever.
      if (has_more !== true || last === null || last === after) return;
      after = last;
    }
  }

  async #list<T>(path: string, query: Record<string, string>, schema: z.ZodType<T>, what: string, signal: AbortSignal) {
    try {
      return await this.#ask(what, signal, async (attempt) =>
        parsed(schema, await this.#options.connection.openai.get(path, { query, signal: attempt })),
      );
    } catch (error) {
      if (!(error instanceof EndpointRefused || error instanceof CallRejected)) throw error;
      throw new CannotList(`The training service does not give ${what}: ${messageOf(error)}`, { cause: error });
    }
  }

  #ask<T>(
    what: string,
    signal: AbortSignal,
    request: (signal: AbortSignal) => Promise<T>,
    connection: Connection = this.#options.connection,
  ): Promise<T> {
    const { retry } = this.#options;
    const { endpoint } = connection;
    const own = connection === this.#options.connection;
    const context = {
      health: own ? this.#health : this.#inferenceHealth,
      who: `${own ? 'The training service of' : 'Endpoint'} "${endpoint.name}" (${endpoint.baseURL}), asked for ${what},`,
      advice: `${whereToLook(endpoint)}.`,
      classify: (error: unknown) =>
        refusesContent(error)
          ? { kind: 'final' as const, error: this.#refusal(what, error.message) }
          : classify(error, connection, what),
      ...(retry === undefined ? {} : { options: retry }),
    };
    return withRetries(() => withOwnSignal(signal, request), context, signal);
  }

  #warnOnce(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#options.onWarning(message);
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

/** `instanceof` alone makes `any` of its fields. */
function isApiError(error: unknown): error is APIError {
  return error instanceof APIError;
}

/** Gone, or never there: said of a job, that is an answer. */
function isUnknown(error: unknown): error is APIError {
  return isApiError(error) && (error.status === 404 || error.status === 410);
}

/** Whether a failed request certainly did nothing: never sent, or turned away at the door. */
function neverStarted(error: unknown, connection: Connection): boolean {
  if (isApiError(error) && error.status !== undefined) return error.status === 429 || error.status === 503;
  const failure = classify(error, connection, '');
  return failure.kind === 'retry' && !failure.mayBePaid;
}

/** The request itself is wrong in the service's eyes: the rows, or a setting of the job. */
function refusesContent(error: unknown): error is APIError {
  return isApiError(error) && [400, 413, 415, 422].includes(error.status ?? 0) && !refusesAccount(error);
}

/** 400 is also how some say that the account is empty or the model is not known; those have words of their own. */
function refusesAccount({ code }: APIError): boolean {
  return code === 'insufficient_quota' || code === 'model_not_found';
}

function knowsNoMethod(error: unknown): boolean {
  return refusesContent(error) && asksForOlderForm(error.message);
}

const idSchema = z.object({ id: z.string().min(1) });

function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new BrokenAnswer('not of the OpenAI shape', value);
}
