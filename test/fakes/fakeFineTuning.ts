/** Files and fine-tuning jobs of the fake endpoint. A job moves on each time it is polled. */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { send, sendError } from './fakeHttp.ts';

export interface FakeFineTuningOptions {
  /** Polls of a job until it has ended. Default 2. */
  readonly polls?: number;
  /** Jobs end so instead of succeeding, with this error text. */
  readonly failWith?: string;
  /** Whether jobs can be listed; otherwise 403. Default true. */
  readonly listing?: boolean;
  /** Whether job creation is refused with 403. */
  readonly refuseCreate?: boolean;
  /** Whether `metadata` is kept and shown. Default true. */
  readonly metadata?: boolean;
  /** Status shown while running. Default 'running'. */
  readonly runningStatus?: string;
  /** Tuned models are named as folders in this one, as self-hosted services do. Default: by a name. */
  readonly modelsIn?: string;
  /** The base model's answers belong to the tuned model too: it is served as soon as the job succeeded. Default true. */
  readonly serve?: boolean;
}

export interface FakeFile {
  readonly id: string;
  readonly filename: string;
  readonly content: string;
}

export interface FakeJob {
  readonly id: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly file: FakeFile | undefined;
  readonly status: string;
  readonly polls: number;
  readonly model: string | null;
}

interface Job extends FakeJob {
  status: string;
  polls: number;
  model: string | null;
  readonly createdAt: number;
}

export class FakeFineTuning {
  readonly #files = new Map<string, FakeFile>();
  readonly #jobs: Job[] = [];
  readonly #serve: (model: string) => void;
  #options: FakeFineTuningOptions;
  filesUploaded = 0;
  jobsCreated = 0;

  constructor(options: FakeFineTuningOptions, serve: (model: string) => void) {
    this.#options = options;
    this.#serve = serve;
  }

  get jobs(): readonly FakeJob[] {
    return this.#jobs;
  }

  configure(options: FakeFineTuningOptions): void {
    this.#options = options;
  }

  /** Answers the request if it is one for files or jobs. */
  handle(request: IncomingMessage, path: string, url: URL, raw: Buffer, response: ServerResponse): boolean {
    const method = request.method ?? 'GET';
    if (path === 'files' && method === 'POST') this.#upload(request, raw, response);
    else if (path.startsWith('files/') && method === 'GET') this.#showFile(path.slice('files/'.length), response);
    else if (path === 'fine_tuning/jobs' && method === 'POST') this.#create(raw, response);
    else if (path === 'fine_tuning/jobs' && method === 'GET') this.#list(url, response);
    else if (path.startsWith('fine_tuning/jobs/')) this.#job(method, path.split('/').slice(2), url, response);
    else return false;
    return true;
  }

  #upload(request: IncomingMessage, raw: Buffer, response: ServerResponse): void {
    const boundary = /boundary=("?)([^";]+)\1/.exec(request.headers['content-type'] ?? '')?.[2];
    const text = raw.toString('utf8');
    const part = text.split(`--${boundary ?? '?'}`).find((piece) => piece.includes('name="file"'));
    const filename = /filename="([^"]*)"/.exec(part ?? '')?.[1];
    if (part === undefined || filename === undefined) {
      sendError(response, 400, "'file' is a required property", 'missing_file');
      return;
    }
    const content = part.slice(part.indexOf('\r\n\r\n') + 4).replace(/\r\n$/, '');
    const file = { id: `file-${++this.filesUploaded}`, filename, content };
    this.#files.set(file.id, file);
    send(response, 200, fileBody(file));
  }

  #showFile(id: string, response: ServerResponse): void {
    const file = this.#files.get(id);
    if (file === undefined) sendError(response, 404, `No such File object: ${id}`, 'not_found');
    else send(response, 200, fileBody(file));
  }

  #create(raw: Buffer, response: ServerResponse): void {
    if (this.#options.refuseCreate === true) {
      sendError(response, 403, 'This organization may not create fine-tuning jobs.', 'training_not_available');
      return;
    }
    const body = JSON.parse(raw.toString('utf8')) as Record<string, unknown>;
    const file = this.#files.get(String(body['training_file']));
    if (file === undefined) {
      sendError(response, 400, `invalid training_file: ${String(body['training_file'])}`, 'invalid_training_file');
      return;
    }
    this.jobsCreated++;
    const job: Job = {
      id: `ftjob-${this.jobsCreated}`,
      body,
      file,
      status: 'validating_files',
      polls: 0,
      model: null,
      createdAt: 1_700_000_000 + this.jobsCreated,
    };
    this.#jobs.push(job);
    send(response, 200, this.#jobBody(job));
  }

  #list(url: URL, response: ServerResponse): void {
    if (this.#options.listing === false) {
      sendError(response, 403, 'Listing jobs is not allowed with this key.', 'forbidden');
      return;
    }
    const newestFirst = this.#jobs.toReversed();
    send(
      response,
      200,
      pageOf(newestFirst, url, (job) => this.#jobBody(job)),
    );
  }

  #job(method: string, [id, action]: string[], url: URL, response: ServerResponse): void {
    const job = this.#jobs.find((one) => one.id === id);
    if (job === undefined) sendError(response, 404, `No such fine-tuning job: ${id ?? ''}`, 'not_found');
    else if (action === undefined) {
      this.#moveOn(job);
      send(response, 200, this.#jobBody(job));
    } else if (action === 'events') {
      send(
        response,
        200,
        pageOf(eventsOf(job), url, (event) => event),
      );
    } else if (action === 'cancel' && method === 'POST') {
      if (!ended(job.status)) job.status = 'cancelled';
      send(response, 200, this.#jobBody(job));
    } else sendError(response, 404, `No route ${action}`, 'not_found');
  }

  #moveOn(job: Job): void {
    if (ended(job.status)) return;
    job.polls++;
    if (job.polls < (this.#options.polls ?? 2)) {
      job.status = this.#options.runningStatus ?? 'running';
      return;
    }
    job.status = this.#options.failWith === undefined ? 'succeeded' : 'failed';
    if (job.status === 'failed') return;
    const identity = JSON.stringify([job.body['model'], job.file?.content, job.body['method'], job.body['seed']]);
    const name = `ft-${createHash('sha256').update(identity).digest('hex').slice(0, 12)}`;
    job.model = this.#options.modelsIn === undefined ? name : `${this.#options.modelsIn}/${name}`;
    if (this.#options.serve !== false) this.#serve(job.model);
  }

  #jobBody(job: Job): Record<string, unknown> {
    const { failWith, metadata } = this.#options;
    return {
      id: job.id,
      object: 'fine_tuning.job',
      created_at: job.createdAt,
      finished_at: ended(job.status) ? job.createdAt + 60 : null,
      model: job.body['model'],
      training_file: job.body['training_file'],
      validation_file: null,
      status: job.status,
      fine_tuned_model: job.model,
      trained_tokens: job.status === 'succeeded' ? (job.file?.content.length ?? 0) : null,
      error: job.status === 'failed' ? { code: 'training_failed', message: failWith, param: null } : null,
      hyperparameters: {},
      method: job.body['method'],
      result_files: [],
      seed: job.body['seed'] ?? 0,
      user_provided_suffix: job.body['suffix'] ?? null,
      ...(metadata === false ? {} : { metadata: job.body['metadata'] ?? null }),
    };
  }
}

function ended(status: string): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'cancelled';
}

/** Newest first, as OpenAI lists them: one message when created, one training step a poll. */
function eventsOf(job: Job): readonly { readonly id: string }[] {
  const start = {
    id: `${job.id}-event-0`,
    object: 'fine_tuning.job.event',
    created_at: job.createdAt,
    level: 'info',
    message: `Created fine-tuning job: ${job.id}`,
    type: 'message',
    data: {},
  };
  const steps = Array.from({ length: job.polls }, (_, index) => ({
    id: `${job.id}-event-${index + 1}`,
    object: 'fine_tuning.job.event',
    created_at: job.createdAt + index + 1,
    level: 'info',
    message: `Step ${index + 1}: training loss=${(1 / (index + 1)).toFixed(2)}`,
    type: 'metrics',
    data: { step: index + 1, total_steps: job.polls, epoch: 1, train_loss: Number((1 / (index + 1)).toFixed(2)) },
  }));
  return [start, ...steps].reverse();
}

function pageOf<T extends { readonly id: string }>(all: readonly T[], url: URL, show: (one: T) => unknown): unknown {
  const after = url.searchParams.get('after');
  const limit = Number(url.searchParams.get('limit') ?? '20');
  const start = after === null ? 0 : all.findIndex((one) => one.id === after) + 1;
  const page = all.slice(start, start + limit);
  return { object: 'list', data: page.map(show), has_more: start + limit < all.length };
}

function fileBody(file: FakeFile): Record<string, unknown> {
  const bytes = Buffer.byteLength(file.content);
  return {
    id: file.id,
    object: 'file',
    bytes,
    created_at: 1,
    filename: file.filename,
    purpose: 'fine-tune',
    status: 'processed',
  };
}
