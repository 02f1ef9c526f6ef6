/**
 * Services on the OpenAI fine-tuning wire, each as strict and in the words of one living speaker of it, by recorded
 * answers. A request that the service would turn away is turned away here, so what we send is checked by the fake.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readBody, send } from './fakeHttp.ts';

/** `older`: self-hosted servers of FastAPI with strict models, which know `hyperparameters` and no `method`. */
export type SpeakerName = 'openai' | 'nebius' | 'azure' | 'older';

export interface SpeakerRequest {
  readonly method: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>> | null;
  readonly text: string;
}

export interface SpeakerOptions {
  /** Statuses that a job shows, one a poll; the last one stays. Default: running, succeeded. */
  readonly statuses?: readonly string[];
  readonly error?: unknown;
  /** Statuses of the uploaded file, one a look. Default: processed. */
  readonly fileStatuses?: readonly string[];
  readonly fileDetails?: string;
  readonly events?: readonly object[];
  readonly checkpoints?: readonly object[];
  readonly models?: readonly string[];
}

export interface FakeSpeaker {
  readonly baseURL: string;
  readonly requests: readonly SpeakerRequest[];
  /** Bodies of the jobs that were created. */
  readonly created: readonly Readonly<Record<string, unknown>>[];
  close(): Promise<void>;
}

interface Dialect {
  readonly job: readonly string[];
  readonly hyperParameters: readonly string[];
  refuse(key: string, place: string): { readonly status: number; readonly body: unknown };
}

const openAiError = (message: string, code: string | null = null) => ({
  error: { message, type: 'invalid_request_error', param: null, code },
});
const unknownArgument = (key: string) => ({
  status: 400,
  body: openAiError(`Unrecognized request argument supplied: ${key}`),
});
const openAiJob = ['model', 'training_file', 'validation_file', 'suffix', 'seed', 'metadata', 'integrations', 'method'];
const openAiHyper = ['n_epochs', 'batch_size', 'learning_rate_multiplier'];

const dialects: Readonly<Record<SpeakerName, Dialect>> = {
  openai: { job: [...openAiJob, 'hyperparameters'], hyperParameters: openAiHyper, refuse: unknownArgument },
  azure: {
    job: [...openAiJob, 'hyperparameters', 'trainingType'],
    hyperParameters: openAiHyper,
    refuse: unknownArgument,
  },
  nebius: {
    job: [...openAiJob, 'hyperparameters'],
    hyperParameters: [
      ...['n_epochs', 'batch_size', 'learning_rate', 'warmup_ratio', 'weight_decay', 'packing', 'max_grad_norm'],
      ...['context_length', 'lora', 'lora_r', 'lora_alpha', 'lora_dropout'],
    ],
    refuse: unknownArgument,
  },
  older: {
    job: ['model', 'training_file', 'validation_file', 'suffix', 'seed', 'hyperparameters'],
    hyperParameters: ['n_epochs', 'batch_size', 'learning_rate', 'lora', 'lora_r', 'lora_alpha'],
    refuse: (key, place) => ({
      status: 422,
      body: {
        detail: [
          {
            type: 'extra_forbidden',
            loc: ['body', ...place.split('.'), key].filter(Boolean),
            msg: 'Extra inputs are not permitted',
          },
        ],
      },
    }),
  },
};

export async function startFakeSpeaker(name: SpeakerName, options: SpeakerOptions = {}): Promise<FakeSpeaker> {
  const requests: SpeakerRequest[] = [];
  const created: Record<string, unknown>[] = [];
  const looks = { file: 0, job: 0 };
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(request.url ?? '/', 'http://fake');
    const path = pathname.replace(/^\/(openai\/)?v1/, '');
    const text = (await readBody(request)).toString('utf8');
    const json = request.headers['content-type']?.startsWith('application/json') === true;
    const body = json ? (JSON.parse(text) as Record<string, unknown>) : null;
    const method = request.method ?? 'GET';
    requests.push({ method, path, body, text });
    if (method === 'POST' && path === '/files') send(response, 200, fileOf(options, looks.file++));
    else if (path === '/files/file-1') send(response, 200, fileOf(options, looks.file++));
    else if (method === 'POST' && path === '/fine_tuning/jobs') create(dialects[name], body ?? {}, created, response);
    else if (path === '/fine_tuning/jobs') send(response, 200, { object: 'list', data: [], has_more: false });
    else if (path === '/fine_tuning/jobs/ftjob-1') send(response, 200, jobOf(options, created[0] ?? {}, looks.job++));
    else if (path === '/fine_tuning/jobs/ftjob-1/events')
      send(response, 200, { object: 'list', data: options.events ?? [] });
    else if (path === '/fine_tuning/jobs/ftjob-1/checkpoints' && options.checkpoints !== undefined)
      send(response, 200, { object: 'list', data: options.checkpoints, has_more: false });
    else if (path === '/models')
      send(response, 200, { object: 'list', data: (options.models ?? []).map((id) => ({ id, object: 'model' })) });
    else send(response, 404, name === 'older' ? { detail: 'Not Found' } : openAiError(`Invalid URL (${path})`));
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const prefix = name === 'azure' ? '/openai/v1' : '/v1';
  return {
    baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`,
    requests,
    created,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function create(
  { job, hyperParameters, refuse }: Dialect,
  body: Record<string, unknown>,
  created: Record<string, unknown>[],
  response: ServerResponse,
): void {
  const method = body['method'] as { supervised?: { hyperparameters?: object } } | undefined;
  const given = method?.supervised?.hyperparameters ?? body['hyperparameters'] ?? {};
  const place = method === undefined ? 'hyperparameters' : 'method.supervised.hyperparameters';
  const unknown = Object.keys(body).find((key) => !job.includes(key));
  const unknownHyper = Object.keys(given).find((key) => !hyperParameters.includes(key));
  if (unknown !== undefined || unknownHyper !== undefined) {
    const { status, body: said } = unknown === undefined ? refuse(unknownHyper!, place) : refuse(unknown, '');
    send(response, status, said);
    return;
  }
  created.push(body);
  send(response, 200, { id: 'ftjob-1', object: 'fine_tuning.job', status: 'validating_files', model: body['model'] });
}

function fileOf({ fileStatuses = ['processed'], fileDetails }: SpeakerOptions, look: number): object {
  const status = fileStatuses[Math.min(look, fileStatuses.length - 1)];
  const details = fileDetails === undefined ? {} : { status_details: fileDetails };
  return {
    id: 'file-1',
    object: 'file',
    bytes: 1,
    created_at: 1,
    filename: 'f',
    purpose: 'fine-tune',
    status,
    ...details,
  };
}

function jobOf(options: SpeakerOptions, body: Record<string, unknown>, look: number): object {
  const { statuses = ['running', 'succeeded'], error = null } = options;
  const status = statuses[Math.min(look, statuses.length - 1)]!;
  const over = /^succe|^compl/i.test(status);
  return {
    id: 'ftjob-1',
    object: 'fine_tuning.job',
    status,
    model: body['model'],
    training_file: 'file-1',
    fine_tuned_model: over ? 'ft:base:bt' : null,
    trained_tokens: over ? 1234 : null,
    error,
  };
}
