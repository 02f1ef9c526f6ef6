/**
 * Together as its API reference and its SDKs (together 3.1, together-ai 0.52) describe it: files, fine-tuning jobs, and the
 * endpoints and deployments of version 2 in one project. Strict: keys and values that the service does not know are refused.
 * Its state is its own, so a client may crash and come back.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody, send } from './fakeHttp.ts';
import { unknownKeys } from './fakeStrict.ts';

export interface FakeTogetherOptions {
  /** Where set, requests without this bearer token get 401. */
  readonly apiKey?: string;
  /** The base that can be trained. Default `meta/base`. */
  readonly baseModel?: string;
  /** Reads of a file until it was looked at. Default 1. */
  readonly fileReads?: number;
  /** Files are refused when they are looked at, with this reason. */
  readonly refuseRows?: string;
  /** Reads of a job until it has ended. Default: it ends when it is told to. */
  readonly jobReads?: number;
  /** Looks at a deployment until it is ready; `Infinity`: it never is. Default 1. */
  readonly deploymentReads?: number;
  readonly failDeployments?: string;
  /** Looks at a deployment that was told to stop, until it has. Default 1. */
  readonly stopReads?: number;
  /** What is stopped is not removed: the service is not through with it. Default: it is. */
  readonly keepsStopped?: boolean;
  /** Hardware configurations for a tuned model. Default one. */
  readonly configs?: readonly string[];
  /** Whether the key belongs to a project. Default true. */
  readonly project?: boolean;
}

export interface FakeTogetherJob {
  readonly id: string;
  readonly body: Readonly<Record<string, unknown>>;
  status: string;
  reason: string;
  reads: number;
  readonly metrics: object[];
}

interface FakeFile {
  readonly id: string;
  readonly name: string;
  content: string | null;
  isProcessed: boolean;
  reads: number;
}

interface Deployment {
  readonly id: string;
  readonly body: Readonly<Record<string, unknown>>;
  state: string;
  reads: number;
}

interface Endpoint {
  readonly id: string;
  readonly name: string;
  deployment: Deployment | null;
}

const jobKeys = [
  ...['model', 'from_checkpoint', 'training_file', 'validation_file', 'suffix', 'n_epochs', 'n_checkpoints', 'n_evals'],
  ...['learning_rate', 'lr_scheduler', 'batch_size', 'random_seed', 'training_type', 'training_method', 'warmup_ratio'],
  ...['weight_decay', 'max_grad_norm', 'packing', 'max_seq_length'],
];
const loraKeys = ['type', 'lora_r', 'lora_alpha', 'lora_dropout', 'lora_trainable_modules'];
const methodKeys: Readonly<Record<string, readonly string[]>> = {
  sft: ['method', 'train_on_inputs'],
  dpo: ['method', 'dpo_beta', 'dpo_normalize_logratios_by_length', 'dpo_reference_free', 'rpo_alpha', 'simpo_gamma'],
};
const deploymentKeys = ['name', 'model', 'config', 'autoscaling', 'inactiveTimeout', 'placement'];

export class FakeTogether {
  readonly files = new Map<string, FakeFile>();
  readonly jobs: FakeTogetherJob[] = [];
  readonly endpoints: Endpoint[] = [];
  /** Names of endpoints whose deployment was scaled to nothing or deleted. */
  readonly stopped: string[] = [];
  /** How many deployments were ever made. */
  deploymentsMade = 0;
  #options: FakeTogetherOptions;
  #faults = 0;
  #losses = 0;

  constructor(options: FakeTogetherOptions = {}) {
    this.#options = options;
  }

  configure(options: FakeTogetherOptions): void {
    this.#options = options;
  }

  /** The next requests are answered 503. */
  fault(requests: number): void {
    this.#faults = requests;
  }

  /** The next records are made, and the answers lost. */
  loseAnswers(records: number): void {
    this.#losses = records;
  }

  /** Files whose content came. */
  get uploads(): number {
    return [...this.files.values()].filter(({ content }) => content !== null).length;
  }

  /** What costs now. */
  get running(): readonly string[] {
    return this.endpoints.filter(({ deployment }) => deployment !== null && deployment.state !== 'STOPPED').map(nameOf);
  }

  serves(model: string): boolean {
    return this.endpoints.some(
      ({ name, deployment }) =>
        deployment?.state === 'READY' && model === `acme/${name}/${String(deployment.body['name'])}`,
    );
  }

  /** `false`: it is none of its routes. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const { pathname } = new URL(request.url ?? '/', 'http://fake');
    const store = /^\/store\/([\w-]+)$/.exec(pathname);
    if (store !== null) void this.#put(store[1]!, request, response);
    else if (/^\/(v1\/(files|fine-tunes)|v2\/projects|v3\/whoami)/.test(pathname)) {
      const { apiKey } = this.#options;
      if (apiKey !== undefined && request.headers.authorization !== `Bearer ${apiKey}`)
        fail(response, 401, `Invalid API key provided: ${request.headers.authorization ?? ''}`, 'invalid_api_key');
      else if (this.#faults > 0) {
        this.#faults--;
        fail(response, 503, 'Service unavailable', 'server_error');
      } else void this.#answer(request, response);
    } else return false;
    return true;
  }

  /** A store beside the service: a key does not belong there. */
  async #put(id: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await readBody(request);
    const file = this.files.get(id);
    if (request.method !== 'PUT' || file === undefined || request.headers.authorization !== undefined)
      return void response.writeHead(403).end('<Error>SignatureDoesNotMatch</Error>');
    file.content = raw.toString('utf8');
    response.writeHead(200).end();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake');
    const raw = await readBody(request);
    const [version, collection, ...rest] = url.pathname.slice(1).split('/');
    const asked = { method: request.method ?? 'GET', url, raw, rest, host: request.headers.host ?? '' };
    if (version === 'v3') this.#whoami(response);
    else if (version === 'v2') this.#projects(asked, response);
    else if (collection === 'files') this.#files(asked, response);
    else this.#fineTunes(asked, response);
  }

  #whoami(response: ServerResponse): void {
    const organization = { id: 'org_1', name: 'Acme' };
    if (this.#options.project === false) return send(response, 200, { type: 'org_api_key', organization });
    const project = { id: 'proj_1', name: 'Acme', slug: 'acme' };
    send(response, 200, { type: 'project_api_key', api_key: { id: 'key_1' }, organization, project });
  }

  #files({ method, raw, rest: [id, action], host }: Asked, response: ServerResponse): void {
    if (id === undefined) {
      const fields = fieldsOf(raw.toString('utf8'));
      if (fields['purpose'] !== 'fine-tune' || fields['file_type'] !== 'jsonl' || fields['file_name'] === undefined)
        return fail(response, 400, 'purpose, file_name and file_type are required', 'invalid_request');
      const file = {
        id: `file-${this.files.size + 1}`,
        name: fields['file_name'],
        content: null,
        isProcessed: false,
        reads: 0,
      };
      this.files.set(file.id, file);
      response.writeHead(302, { location: `http://${host}/store/${file.id}`, 'x-together-file-id': file.id }).end();
      return;
    }
    const file = this.files.get(id);
    if (file === undefined) return fail(response, 404, `File ${id} not found`, 'not_found');
    if (action === 'preprocess' && method === 'POST') {
      if (file.content === null) return fail(response, 400, `File ${id} has no content`, 'invalid_request');
      file.isProcessed = true;
    } else file.reads++;
    send(response, 200, this.#file(file));
  }

  #file({ id, name, content, isProcessed, reads }: FakeFile): { readonly processing_status?: string } {
    const { fileReads = 1, refuseRows } = this.#options;
    const lines = (content ?? '').split('\n').filter((line) => line !== '');
    const broken = lines.some((line) => methodOf(line) === null);
    const isLookedAt = isProcessed && reads >= fileReads;
    const error =
      refuseRows ?? (broken ? 'a row has neither messages nor prompt and completion nor a preference' : undefined);
    const status = !isLookedAt ? 'PENDING' : error === undefined ? 'COMPLETED' : 'INVALID_FORMAT';
    return {
      ...{ id, object: 'file', bytes: content?.length ?? 0, created_at: 1, filename: name, FileType: 'jsonl' },
      ...{ Processed: isLookedAt, purpose: 'fine-tune', processing_status: status },
      ...(isLookedAt ? { validation_report: { valid: error === undefined, nlines: lines.length, error } } : {}),
    };
  }

  #fineTunes({ method, raw, rest: [id, action] }: Asked, response: ServerResponse): void {
    if (id === undefined && method === 'GET')
      return send(response, 200, { data: this.jobs.toReversed().map((job) => this.#jobBody(job)) });
    if (id === undefined) return this.#createJob(JSON.parse(raw.toString()) as Record<string, unknown>, response);
    const job = this.jobs.find((one) => one.id === decodeURIComponent(id));
    if (job === undefined) return fail(response, 404, `Fine-tune job ${id} not found`, 'not_found');
    if (action === 'events') return send(response, 200, { data: eventsOf(job) });
    if (action === 'metrics') return send(response, 200, { metrics: job.metrics });
    if (action === 'cancel' && method === 'POST') {
      if (hasEnded(job.status))
        return fail(response, 400, 'The job has ended and cannot be cancelled', 'invalid_request');
      job.status = 'cancelled';
    } else {
      job.reads++;
      if (job.status === 'pending') job.status = 'running';
      if (!hasEnded(job.status) && job.reads >= (this.#options.jobReads ?? Infinity)) job.status = 'completed';
    }
    send(response, 200, this.#jobBody(job));
  }

  #createJob(body: Record<string, unknown>, response: ServerResponse): void {
    const said = this.#wrongWithJob(body);
    if (said !== null) return fail(response, 400, said, 'invalid_request');
    const number = this.jobs.length + 1;
    const job = { id: `ft-0000-${number}`, body, status: 'pending', reason: '', reads: 0, metrics: [] };
    this.jobs.push(job);
    this.#sendMade(response, this.#jobBody(job));
  }

  #wrongWithJob(body: Record<string, unknown>): string | null {
    const type = (body['training_type'] ?? {}) as Record<string, unknown>;
    const method = (body['training_method'] ?? { method: 'sft' }) as Record<string, unknown>;
    const [odd] = [
      ...unknownKeys(body, jobKeys),
      ...unknownKeys(type, loraKeys),
      ...unknownKeys(method, methodKeys[String(method['method'])] ?? []),
      ...unknownKeys(body['lr_scheduler'] ?? {}, ['lr_scheduler_type', 'lr_scheduler_args']),
    ];
    if (odd !== undefined) return `Unknown field: ${odd}`;
    const file = this.files.get(String(body['training_file']));
    if (file === undefined) return `training_file ${String(body['training_file'])} not found`;
    if (this.#file(file).processing_status !== 'COMPLETED') return 'training_file has not been validated';
    const lines = (file.content ?? '').split('\n').filter((line) => line !== '');
    if (lines.some((line) => methodOf(line) !== method['method']))
      return `training_file is not in the format of ${String(method['method'])}`;
    if (!/^[\w.-]{1,40}$/.test(String(body['suffix'] ?? 'a'))) return 'suffix must be at most 40 characters';
    if ((body['model'] === undefined) === (body['from_checkpoint'] === undefined))
      return 'exactly one of model and from_checkpoint must be given';
    const { baseModel = 'meta/base' } = this.#options;
    if (body['model'] !== undefined && body['model'] !== baseModel)
      return `Model ${String(body['model'])} is not supported for fine-tuning`;
    const from = this.jobs.find(({ id, status }) => id === body['from_checkpoint'] && status === 'completed');
    if (body['from_checkpoint'] !== undefined && from === undefined) return 'from_checkpoint is not a completed job';
    if (Number(type['lora_r']) > 64) return 'lora_r must be at most 64';
    if (!Number.isInteger(type['lora_alpha'])) return 'lora_alpha must be an integer';
    return null;
  }

  #jobBody({ id, body, status }: FakeTogetherJob): object {
    const done = status === 'completed';
    const file = this.files.get(String(body['training_file']));
    return {
      ...body,
      ...{ id, status, user_id: 'user_1', created_at: '2026-11-29T08:00:00Z', updated_at: '2026-11-29T08:00:00Z' },
      ...(done
        ? {
            model_output_name: `acme/base-${String(body['suffix'])}-${id}`,
            token_count: Math.ceil((file?.content?.length ?? 4) / 4) * Number(body['n_epochs']),
            adapter_object_id: `ml_adapter_${id}`,
            model_object_id: `ml_${id}`,
          }
        : {}),
    };
  }

  #projects({ method, url, raw, rest }: Asked, response: ServerResponse): void {
    const [project, collection, id, , deploymentId] = rest;
    const body = raw.length === 0 ? {} : (JSON.parse(raw.toString()) as Record<string, unknown>);
    if (project !== 'proj_1') return fail(response, 404, `project ${project ?? ''} not found`, 'not_found');
    if (collection === 'configs') return this.#configs(url, response);
    if (collection !== 'endpoints') return fail(response, 404, 'no such collection', 'not_found');
    if (id === undefined && method === 'GET') {
      for (const { deployment } of this.endpoints) if (deployment !== null) this.#moveOn(deployment);
      return send(response, 200, { data: this.endpoints.map((one) => this.#endpointBody(one)) });
    }
    if (id === undefined) return this.#createEndpoint(body, response);
    const endpoint = this.endpoints.find((one) => one.id === id);
    if (endpoint === undefined) return fail(response, 404, `endpoint ${id} not found`, 'not_found');
    if (rest.length === 3) return this.#deleteEndpoint(endpoint, response);
    if (deploymentId === undefined) return this.#createDeployment(endpoint, body, response);
    const { deployment } = endpoint;
    if (deployment?.id !== deploymentId) return fail(response, 404, 'deployment not found', 'not_found');
    this.#deployment(method, endpoint, deployment, body, response);
  }

  #configs(url: URL, response: ServerResponse): void {
    const { configs = ['cr_1'] } = this.#options;
    const selectors = [
      { key: 'accelerator_type', value: 'nvidia-h100-80gb' },
      { key: 'accelerator_count', value: '1' },
    ];
    const referenceModel = url.searchParams.get('referenceModel');
    send(response, 200, {
      data: configs.map((id) => ({ id, projectId: 'proj_1', referenceModel, selectors, certifications: [] })),
    });
  }

  #createEndpoint(body: Record<string, unknown>, response: ServerResponse): void {
    const [odd] = unknownKeys(body, ['name', 'visibility']);
    const name = String(body['name']);
    if (odd !== undefined) return fail(response, 400, `unknown field ${odd}`, 'invalid_request');
    if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) return fail(response, 400, 'invalid name', 'invalid_request');
    if (this.endpoints.some((one) => one.name === name)) return fail(response, 409, `${name} exists`, 'conflict');
    const endpoint = { id: `ep_${this.endpoints.length + this.deploymentsMade + 1}`, name, deployment: null };
    this.endpoints.push(endpoint);
    send(response, 200, this.#endpointBody(endpoint));
  }

  #deleteEndpoint(endpoint: Endpoint, response: ServerResponse): void {
    if (endpoint.deployment !== null) return fail(response, 400, 'the endpoint has deployments', 'failed_precondition');
    this.endpoints.splice(this.endpoints.indexOf(endpoint), 1);
    send(response, 200, {});
  }

  #createDeployment(endpoint: Endpoint, body: Record<string, unknown>, response: ServerResponse): void {
    const [odd] = [
      ...unknownKeys(body, deploymentKeys),
      ...unknownKeys(body['autoscaling'] ?? {}, ['minReplicas', 'maxReplicas', 'scaleToZeroWindow']),
    ];
    if (odd !== undefined) return fail(response, 400, `unknown field ${odd}`, 'invalid_request');
    const timeout = Number(body['inactiveTimeout']);
    if (timeout !== 0 && (timeout < 30 || timeout > 1440))
      return fail(response, 400, 'inactiveTimeout is 30 to 1440', 'invalid_request');
    const known = this.jobs.some(
      ({ id, status }) => status === 'completed' && body['model'] === `projects/proj_1/models/ml_${id}`,
    );
    if (!known) return fail(response, 404, `model ${String(body['model'])} not found`, 'not_found');
    const { configs = ['cr_1'] } = this.#options;
    if (!configs.some((id) => body['config'] === `projects/proj_1/configs/${id}`))
      return fail(
        response,
        400,
        `config ${String(body['config'])} is not compatible with the model`,
        'invalid_request',
      );
    if (endpoint.deployment !== null) return fail(response, 409, 'deployment exists', 'conflict');
    this.deploymentsMade++;
    endpoint.deployment = { id: `dep_${this.deploymentsMade}`, body, state: 'PROVISIONING', reads: 0 };
    this.#sendMade(response, this.#deploymentBody(endpoint.deployment));
  }

  #deployment(
    method: string,
    endpoint: Endpoint,
    deployment: Deployment,
    body: Record<string, unknown>,
    response: ServerResponse,
  ): void {
    if (method === 'DELETE') {
      if (deployment.state !== 'STOPPED' && deployment.state !== 'FAILED')
        return fail(response, 400, 'the deployment must be stopped before it is deleted', 'failed_precondition');
      if (this.#options.keepsStopped === true) return fail(response, 409, 'the deployment is in use', 'conflict');
      endpoint.deployment = null;
      return send(response, 200, {});
    }
    if (method === 'PATCH') {
      const { minReplicas, maxReplicas } = body['autoscaling'] as { minReplicas: number; maxReplicas: number };
      if (minReplicas === 0 && maxReplicas === 0) {
        if (!isStopped(deployment)) this.stopped.push(endpoint.name);
        deployment.state = 'STOPPING';
      } else deployment.state = 'PROVISIONING';
      deployment.reads = 0;
    }
    send(response, 200, this.#deploymentBody(deployment));
  }

  #moveOn(deployment: Deployment): void {
    const { deploymentReads = 1, failDeployments, stopReads = 1 } = this.#options;
    deployment.reads++;
    if (deployment.state === 'STOPPING' && deployment.reads >= stopReads) deployment.state = 'STOPPED';
    if (deployment.state === 'PROVISIONING' && failDeployments !== undefined) deployment.state = 'FAILED';
    if (deployment.state === 'PROVISIONING' && deployment.reads >= deploymentReads) deployment.state = 'READY';
  }

  #endpointBody({ id, name, deployment }: Endpoint): object {
    return {
      ...{ id, name: `acme/${name}`, projectId: 'proj_1', trafficSplit: [], endpointType: 'ENDPOINT_TYPE_DEDICATED' },
      deployments: deployment === null ? [] : [{ ...this.#summary(deployment) }],
    };
  }

  #summary({ id, body, state }: Deployment): object {
    return { id, name: body['name'], state: `DEPLOYMENT_STATE_${state}`, readyReplicas: state === 'READY' ? 1 : 0 };
  }

  #deploymentBody(deployment: Deployment): object {
    const { failDeployments = '' } = this.#options;
    const message = deployment.state === 'FAILED' ? failDeployments : '';
    return {
      ...deployment.body,
      id: deployment.id,
      status: { state: `DEPLOYMENT_STATE_${deployment.state}`, message },
    };
  }

  #sendMade(response: ServerResponse, body: object): void {
    if (this.#losses > 0) {
      this.#losses--;
      response.destroy();
    } else send(response, 200, body);
  }
}

interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly raw: Buffer;
  readonly rest: readonly string[];
  readonly host: string;
}

/** The method that a row is for; `null` where the service knows no such row. */
function methodOf(line: string): 'sft' | 'dpo' | null {
  const row = JSON.parse(line) as Readonly<Record<string, unknown>>;
  const isAnswer = (value: unknown) =>
    Array.isArray(value) && value.length === 1 && (value[0] as { role?: unknown }).role === 'assistant';
  if (isAnswer(row['preferred_output']) && isAnswer(row['non_preferred_output'])) {
    return Array.isArray((row['input'] as { messages?: unknown } | undefined)?.messages) ? 'dpo' : null;
  }
  const isText = typeof row['prompt'] === 'string' && typeof row['completion'] === 'string';
  return Array.isArray(row['messages']) || isText ? 'sft' : null;
}

const hasEnded = (status: string): boolean => ['completed', 'error', 'cancelled'].includes(status);
const isStopped = ({ state }: Deployment): boolean => state === 'STOPPED' || state === 'STOPPING';
const nameOf = ({ name }: Endpoint): string => name;

function eventsOf({ id, status, reason }: FakeTogetherJob): readonly object[] {
  const event = (type: string, message: string, second: number, level = 'info') => ({
    ...{ object: 'fine-tune-event', created_at: `2026-11-29T08:00:${String(second).padStart(2, '0')}Z`, level },
    ...{ message, type, hash: '' },
  });
  return [
    event('job_pending', `Fine-tune request ${id} created`, 0),
    ...(status === 'completed' ? [event('job_complete', 'Job finished', 59)] : []),
    ...(status === 'error' && reason !== '' ? [event('job_error', reason, 59, 'error')] : []),
  ];
}

/** The fields of a form. */
function fieldsOf(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...text.matchAll(/name="(\w+)"\r\n\r\n([^\r]*)/g)].map(([, name, value]) => [name, value]),
  );
}

function fail(response: ServerResponse, status: number, message: string, type: string): void {
  send(response, status, { error: { message, type, param: null, code: null } });
}
