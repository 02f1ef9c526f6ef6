/**
 * Fireworks as its API reference and its SDK (fireworks-ai 1.2.30) describe it: datasets, supervised fine-tuning jobs, models
 * and deployments of one account, and the endpoint that answers for what is deployed. Strict: keys and values that the
 * gateway does not know are refused. Its state is its own, so a client may crash and come back.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody, send } from './fakeHttp.ts';
import { unknownKeys } from './fakeStrict.ts';

export interface FakeFireworksOptions {
  readonly account?: string;
  /** What the gateway calls the base model. Default `accounts/fireworks/models/base`. */
  readonly baseModel?: string;
  /** Where set, requests without this bearer token get 401. */
  readonly apiKey?: string;
  /** Reads of a data set until it is ready. Default 1. */
  readonly datasetReads?: number;
  /** The data set is refused when it is looked at, with this reason. */
  readonly refuseRows?: string;
  /** Reads of a job until it has ended. Default: it ends when it is told to. */
  readonly jobReads?: number;
  /** Reads of a deployment until it is ready; `Infinity`: it never is. Default 1. */
  readonly deploymentReads?: number;
  /** Deployments fail with this reason. */
  readonly failDeployments?: string;
}

export interface FakeFireworksJob {
  readonly id: string;
  readonly body: Readonly<Record<string, unknown>>;
  state: string;
  reason: string;
  reads: number;
  readonly metrics: string[];
}

export interface FakeDeployment {
  readonly id: string;
  readonly body: Readonly<Record<string, unknown>>;
  state: string;
  replicas: number;
  reads: number;
}

interface Dataset {
  readonly id: string;
  content: string;
  uploads: number;
  reads: number;
}

const jobKeys = [
  ...['dataset', 'baseModel', 'warmStartFrom', 'outputModel', 'displayName', 'epochs', 'learningRate', 'loraRank'],
  ...['maxContextLength', 'batchSize', 'batchSizeSamples', 'earlyStop', 'evalAutoCarveout', 'evaluationDataset'],
  ...['gradientAccumulationSteps', 'learningRateWarmupSteps', 'jinjaTemplate', 'isTurbo', 'optimizerWeightDecay'],
];
const deploymentKeys = [
  ...['baseModel', 'displayName', 'description', 'deploymentShape', 'minReplicaCount', 'maxReplicaCount'],
  ...['autoscalingPolicy', 'acceleratorType', 'acceleratorCount', 'precision', 'enableAddons', 'placement'],
];

export class FakeFireworks {
  readonly datasets = new Map<string, Dataset>();
  readonly jobs: FakeFireworksJob[] = [];
  readonly deployments: FakeDeployment[] = [];
  /** Deployments that were deleted, by id. */
  readonly stopped: string[] = [];
  /** How many were ever made. */
  deploymentsMade = 0;
  #options: FakeFireworksOptions;
  #faults = 0;
  #losses = 0;

  constructor(options: FakeFireworksOptions = {}) {
    this.#options = options;
  }

  configure(options: FakeFireworksOptions): void {
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

  get account(): string {
    return this.#options.account ?? 'me';
  }

  /** Whether the endpoint answers as the model. */
  serves(model: string): boolean {
    const [record, deployment] = model.split('#');
    return this.deployments.some(
      ({ id, body, state, replicas }) =>
        body['baseModel'] === record &&
        (deployment === undefined || deployment === `accounts/${this.account}/deployments/${id}`) &&
        state === 'READY' &&
        replicas > 0,
    );
  }

  /** Answers what is below `/v1/accounts`. `false`: it is not. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const url = new URL(request.url ?? '/', 'http://fake');
    const signed = /^\/signed\/metrics\/([\w-]+)$/.exec(url.pathname);
    if (signed !== null) {
      // A store beside the gateway: a key does not belong there.
      if (request.headers.authorization !== undefined) fail(response, 400, 'Only one auth mechanism allowed', 3);
      else response.end(this.#job(signed[1]!)?.metrics.join('\n'));
      return true;
    }
    if (!url.pathname.startsWith('/v1/accounts/')) return false;
    const { apiKey } = this.#options;
    if (apiKey !== undefined && request.headers.authorization !== `Bearer ${apiKey}`) {
      fail(response, 401, `invalid API key: ${request.headers.authorization ?? ''}`, 16);
      return true;
    }
    if (this.#faults > 0) {
      this.#faults--;
      fail(response, 503, 'upstream connect error', 14);
      return true;
    }
    void this.#answer(request, response, url);
    return true;
  }

  async #answer(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const raw = await readBody(request);
    const [account = '', collection = '', ...rest] = url.pathname.slice('/v1/accounts/'.length).split('/');
    if (account !== this.account) fail(response, 404, `account "${account}" not found`, 5);
    else this.#route(request, response, { collection, id: rest.join('/'), url, raw });
  }

  #route(request: IncomingMessage, response: ServerResponse, asked: Asked): void {
    const { collection } = asked;
    const method = request.method ?? 'GET';
    if (collection === 'datasets') this.#datasets(method, asked, response);
    else if (collection === 'supervisedFineTuningJobs') this.#jobsRoute(request, method, asked, response);
    else if (collection === 'models') this.#models(asked, response);
    else if (collection === 'deployments') this.#deploymentsRoute(method, asked, response);
    else fail(response, 404, `no collection ${collection}`, 5);
  }

  #datasets(method: string, { id, raw }: Asked, response: ServerResponse): void {
    if (id === '' && method === 'POST') {
      const body = JSON.parse(raw.toString()) as { datasetId: string; dataset: Record<string, unknown> };
      const odd = [
        ...unknownKeys(body, ['datasetId', 'dataset', 'sourceDatasetId']),
        ...unknownKeys(body.dataset, ['userUploaded', 'format', 'exampleCount', 'displayName']),
      ];
      if (odd.length > 0) return fail(response, 400, `unknown field "${odd[0]}"`, 3);
      if (this.datasets.has(body.datasetId)) return fail(response, 409, 'dataset already exists', 6);
      const dataset = { id: body.datasetId, content: '', uploads: 0, reads: 0 };
      this.datasets.set(dataset.id, dataset);
      return send(response, 200, this.#dataset(dataset));
    }
    const [name, action] = id.split(':');
    const found = this.datasets.get(name ?? '');
    if (found === undefined) return fail(response, 404, `dataset ${name ?? ''} not found`, 5);
    if (action === 'upload') {
      const text = raw.toString('utf8');
      const at = text.indexOf('\r\n\r\n');
      found.content = text.slice(at + 4, text.lastIndexOf('\r\n--'));
      found.uploads++;
      return send(response, 200, {});
    }
    if (found.uploads > 0) found.reads++;
    send(response, 200, this.#dataset(found));
  }

  #dataset({ id, content, uploads, reads }: Dataset): object {
    const { refuseRows, datasetReads = 1 } = this.#options;
    const lines = content.split('\n').filter((line) => line !== '');
    const isBroken = lines.some((line) => !Array.isArray((JSON.parse(line) as { messages?: unknown }).messages));
    const refused = uploads > 0 && (refuseRows !== undefined || isBroken || lines.length < 1);
    const ready = uploads > 0 && !refused && reads >= datasetReads;
    return {
      name: `accounts/${this.account}/datasets/${id}`,
      state: ready ? 'READY' : 'UPLOADING',
      status: refused
        ? { code: 'INVALID_ARGUMENT', message: refuseRows ?? 'each line must have "messages"' }
        : { code: 'OK', message: '' },
      exampleCount: String(lines.length),
      ...(ready ? { estimatedTokenCount: String(Math.ceil(content.length / 4)) } : {}),
      format: 'CHAT',
      userUploaded: {},
    };
  }

  #jobsRoute(request: IncomingMessage, method: string, { id, url, raw }: Asked, response: ServerResponse): void {
    if (id === '' && method === 'GET') {
      return send(response, 200, { supervisedFineTuningJobs: this.jobs.map((job) => this.#jobBody(job, request)) });
    }
    if (id === '') return this.#createJob(url.searchParams.get('supervisedFineTuningJobId'), raw, request, response);
    const [name = '', action] = decodeURIComponent(id).split(':');
    const job = this.#job(name);
    if (job === undefined) return fail(response, 404, `supervised fine-tuning job ${name} not found`, 5);
    if (action === 'cancel') {
      if (!ended(job.state)) job.state = 'JOB_STATE_CANCELLED';
      return send(response, 200, {});
    }
    job.reads++;
    if (job.state === 'JOB_STATE_CREATING') job.state = 'JOB_STATE_RUNNING';
    if (!ended(job.state) && job.reads >= (this.#options.jobReads ?? Infinity)) job.state = 'JOB_STATE_COMPLETED';
    send(response, 200, this.#jobBody(job, request));
  }

  #createJob(id: string | null, raw: Buffer, request: IncomingMessage, response: ServerResponse): void {
    const body = JSON.parse(raw.toString()) as Record<string, unknown>;
    const said = this.#wrongWithJob(id, body);
    if (said !== null) return fail(response, 400, said, 3);
    if (this.#job(id!) !== undefined) return fail(response, 409, `job ${id} already exists`, 6);
    const job = { id: id!, body, state: 'JOB_STATE_CREATING', reason: '', reads: 0, metrics: [] };
    this.jobs.push(job);
    this.#sendMade(response, this.#jobBody(job, request));
  }

  #wrongWithJob(id: string | null, body: Record<string, unknown>): string | null {
    const [odd] = unknownKeys(body, jobKeys);
    if (odd !== undefined) return `unknown field "${odd}"`;
    if (id === null || !/^[a-z][a-z0-9-]{0,62}$/.test(id)) return 'supervisedFineTuningJobId is invalid';
    const dataset = this.datasets.get(String(body['dataset']).split('/').at(-1)!);
    if (dataset === undefined) return `dataset ${String(body['dataset'])} not found`;
    if ((this.#dataset(dataset) as { state: string }).state !== 'READY') return 'dataset is not READY';
    const rank = Number(body['loraRank']);
    if (!Number.isInteger(Math.log2(rank)) || rank > 64) return 'lora_rank must be a power of 2 and at most 64';
    if ((body['baseModel'] === undefined) === (body['warmStartFrom'] === undefined))
      return 'exactly one of base_model and warm_start_from must be set';
    const { baseModel = 'accounts/fireworks/models/base' } = this.#options;
    if (body['baseModel'] !== undefined && body['baseModel'] !== baseModel)
      return `base model ${String(body['baseModel'])} is not tunable`;
    if (body['warmStartFrom'] !== undefined && this.#modelNamed(String(body['warmStartFrom'])) === undefined)
      return `model ${String(body['warmStartFrom'])} not found`;
    return null;
  }

  #jobBody(job: FakeFireworksJob, request: IncomingMessage): object {
    const { id, body, state, reason } = job;
    const failed = state === 'JOB_STATE_FAILED';
    return {
      ...body,
      name: `accounts/${this.account}/supervisedFineTuningJobs/${id}`,
      state,
      status: { code: failed ? 'INTERNAL' : 'OK', message: failed ? reason : '' },
      ...(state === 'JOB_STATE_COMPLETED' ? { outputModel: `accounts/${this.account}/models/${id}` } : {}),
      jobProgress: { percent: Math.min(100, job.metrics.length * 10), epoch: 0 },
      ...(job.metrics.length === 0
        ? {}
        : { metricsFileSignedUrl: `http://${request.headers.host ?? ''}/signed/metrics/${id}?signature=abc` }),
    };
  }

  #models({ id }: Asked, response: ServerResponse): void {
    const job = this.#modelNamed(id);
    if (job === undefined) fail(response, 404, `model ${id} not found`, 5);
    else send(response, 200, { name: `accounts/${this.account}/models/${id}`, state: 'READY', kind: 'HF_PEFT_ADDON' });
  }

  #deploymentsRoute(method: string, { id, url, raw }: Asked, response: ServerResponse): void {
    if (id === '') return this.#createDeployment(url.searchParams.get('deploymentId'), raw, response);
    const [name = '', action] = id.split(':');
    const found = this.deployments.find((one) => one.id === name);
    if (found === undefined) return fail(response, 404, `deployment ${name} not found`, 5);
    if (method === 'DELETE') {
      if (url.searchParams.get('ignoreChecks') !== 'true')
        return fail(response, 400, 'deployment was used in the last hour: set ignoreChecks', 9);
      this.deployments.splice(this.deployments.indexOf(found), 1);
      this.stopped.push(name);
      return send(response, 200, {});
    }
    if (action === 'scale') {
      found.replicas = Number((JSON.parse(raw.toString()) as { replicaCount: number }).replicaCount);
      return send(response, 200, {});
    }
    found.reads++;
    const { deploymentReads = 1, failDeployments } = this.#options;
    if (found.state === 'CREATING' && failDeployments !== undefined) found.state = 'FAILED';
    if (found.state === 'CREATING' && found.reads >= deploymentReads) found.state = 'READY';
    send(response, 200, this.#deploymentBody(found));
  }

  #createDeployment(id: string | null, raw: Buffer, response: ServerResponse): void {
    const body = JSON.parse(raw.toString()) as Record<string, unknown>;
    const [odd] = [
      ...unknownKeys(body, deploymentKeys),
      ...unknownKeys(body['autoscalingPolicy'] ?? {}, ['scaleToZeroWindow', 'scaleDownWindow', 'scaleUpWindow']),
    ];
    if (odd !== undefined) return fail(response, 400, `unknown field "${odd}"`, 3);
    if (id === null || !/^[a-z][a-z0-9-]{0,62}$/.test(id)) return fail(response, 400, 'deploymentId is invalid', 3);
    if (body['deploymentShape'] === undefined) return fail(response, 400, 'deployment_shape is required', 3);
    if (this.#modelNamed(String(body['baseModel'])) === undefined)
      return fail(response, 404, `model ${String(body['baseModel'])} not found`, 5);
    if (this.deployments.some((one) => one.id === id)) return fail(response, 409, `deployment ${id} already exists`, 6);
    const made = { id, body, state: 'CREATING', replicas: 1, reads: 0 };
    this.deployments.push(made);
    this.deploymentsMade++;
    this.#sendMade(response, this.#deploymentBody(made));
  }

  #deploymentBody({ id, body, state, replicas }: FakeDeployment): object {
    const message = state === 'FAILED' ? (this.#options.failDeployments ?? '') : '';
    return {
      ...body,
      name: `accounts/${this.account}/deployments/${id}`,
      state,
      replicaCount: replicas,
      status: { code: state === 'FAILED' ? 'RESOURCE_EXHAUSTED' : 'OK', message },
    };
  }

  #sendMade(response: ServerResponse, body: object): void {
    if (this.#losses > 0) {
      this.#losses--;
      response.destroy();
    } else send(response, 200, body);
  }

  #job(id: string): FakeFireworksJob | undefined {
    return this.jobs.find((job) => job.id === id);
  }

  /** A job that has made the model of this name, or id. */
  #modelNamed(name: string): FakeFireworksJob | undefined {
    const job = this.#job(name.split('/').at(-1)!);
    return job?.state === 'JOB_STATE_COMPLETED' ? job : undefined;
  }
}

interface Asked {
  readonly collection: string;
  readonly id: string;
  readonly url: URL;
  readonly raw: Buffer;
}

const ended = (state: string): boolean => /(COMPLETED|FAILED|CANCELLED)$/.test(state);

/** An error of the gateway: gRPC's code and words. */
function fail(response: ServerResponse, status: number, message: string, code: number): void {
  send(response, status, { code, message, details: [] });
}
