/**
 * An OpenAI-compatible endpoint for tests, in this process: scripted answers, counters, latency, faults, and
 * fine-tuning jobs. Its state is its own, so a client may crash and come back. `fakeEndpointMain.ts` runs the same
 * server as a process of its own.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeFineTuning, type FakeFineTuningOptions, type FakeJob } from './fakeFineTuning.ts';
import { answerBody, callOf, isCompletion, parseBody, pause } from './fakeCompletions.ts';
import { loseAnswer, playFault, type FakeFault } from './fakeFaults.ts';
import { readBody, send, sendError, sendText } from './fakeHttp.ts';

export interface FakeMessage {
  readonly role: string;
  readonly content: string;
}

/** One request for a completion, as it came over the wire. */
export interface FakeCall {
  /** From 0, in the order of arrival. */
  readonly index: number;
  readonly path: 'chat/completions' | 'completions';
  readonly model: string;
  /** Chat messages without the opened assistant turn; empty for text completions. */
  readonly messages: readonly FakeMessage[];
  /** The opened assistant turn (`continue_final_message`), or ''. */
  readonly opened: string;
  /** All text of the prompt, one message a line. */
  readonly prompt: string;
  /** The structured choice asked for, if any. */
  readonly choices: readonly string[] | null;
  readonly seed: number | null;
  readonly temperature: number | null;
  readonly body: Readonly<Record<string, unknown>>;
  readonly authorization: string | null;
}

export interface FakeReply {
  /** `null`: an answer without content. */
  readonly text: string | null;
  readonly finishReason?: string;
  /** Overrides the counted usage; `null`: none is reported. */
  readonly usage?: Readonly<Record<string, unknown>> | null;
  readonly model?: string;
  /** Sent instead of an OpenAI answer. */
  readonly raw?: unknown;
  /** The same as text that is no JSON, and what it is named. */
  readonly wire?: { readonly text: string; readonly type: string };
  readonly status?: number;
  readonly latencyMs?: number;
  /** Played instead of an answer. */
  readonly fault?: Exclude<FakeFault, { readonly kind: 'lostAnswer' }>;
}

export type FakeAnswer = (call: FakeCall) => string | FakeReply | Promise<string | FakeReply>;

export interface FakeEndpointOptions {
  /** Default: `defaultAnswer`, which depends on nothing but the request. */
  readonly answer?: FakeAnswer;
  /** Milliseconds before each completion is answered. Default 0. */
  readonly latencyMs?: number;
  /** Models served from the start. Default `['base']`. A completion for another model is a 404. */
  readonly models?: readonly string[];
  /** Whether it answers as a model besides those. Default: no. */
  readonly serves?: (model: string) => boolean;
  /** Whether token usage is reported. Default true. */
  readonly usage?: boolean;
  /** Put into each entry of `/v1/models` as `bettertogether`. Default: nothing is advertised. */
  readonly advertise?: Readonly<Record<string, unknown>>;
  /** `owned_by` in `/v1/models`. Default 'fake'. */
  readonly ownedBy?: string;
  /** Whether `/v1/completions` exists. Default true. */
  readonly completions?: boolean;
  /** Where set, requests without this bearer token get 401. */
  readonly apiKey?: string;
  /** Longer prompts (characters) are refused as too long for the context. */
  readonly maxPromptCharacters?: number;
  /** Completions in flight above this are answered 429. */
  readonly maxInFlight?: number;
  readonly fineTuning?: FakeFineTuningOptions;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Keep every call in `calls` (default true). Counters are kept in any case; turn off for benchmarks. */
  readonly keepCalls?: boolean;
  /** Sees every request first; `true`: it has answered. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface FakeCounters {
  /** All HTTP requests. */
  readonly requests: number;
  /** Requests for completions, faults included. */
  readonly completions: number;
  /** Completions answered with 200. */
  readonly answered: number;
  /** Completions whose client went away before the answer. */
  readonly abandoned: number;
  readonly faults: number;
  readonly inFlight: number;
  readonly maxInFlight: number;
  readonly connections: number;
  /** Completions by model, faults included. */
  readonly byModel: Readonly<Record<string, number>>;
  /** Answered completions whose model and body were answered before: calls paid twice. */
  readonly repeated: number;
  readonly filesUploaded: number;
  readonly jobsCreated: number;
}

export interface FakeEndpoint {
  /** Such as `http://127.0.0.1:40001/v1`. */
  readonly baseURL: string;
  readonly port: number;
  readonly counters: FakeCounters;
  /** Every completion request so far, oldest first (empty with `keepCalls: false`). */
  readonly calls: readonly FakeCall[];
  readonly jobs: readonly FakeJob[];
  callsFor(model: string): readonly FakeCall[];
  setAnswer(answer: FakeAnswer): void;
  setLatency(milliseconds: number): void;
  setModels(models: readonly string[]): void;
  setFineTuning(options: FakeFineTuningOptions): void;
  setUsage(reported: boolean): void;
  /** The next requests (to `path`, or any completion) meet these faults, one each, in order. */
  fault(...faults: readonly FakeFault[]): void;
  /** Forgets calls and counters; models, files and jobs stay. */
  reset(): void;
  /** Ends at once, open connections included. */
  close(): Promise<void>;
}

const zero = {
  requests: 0,
  completions: 0,
  answered: 0,
  abandoned: 0,
  faults: 0,
  inFlight: 0,
  maxInFlight: 0,
  connections: 0,
  repeated: 0,
};

/** Answers that depend on model, body and seed alone; a structured choice is kept. */
export function defaultAnswer(call: FakeCall): string {
  const digest = createHash('sha256').update(JSON.stringify(call.body)).digest();
  if (call.choices !== null && call.choices.length > 0)
    return call.choices[digest.readUInt32BE(0) % call.choices.length]!;
  return `answer ${digest.toString('hex').slice(0, 8)}`;
}

export async function startFakeEndpoint(options: FakeEndpointOptions = {}): Promise<FakeEndpoint> {
  const fake = new FakeServer(options);
  await fake.listen(options.port ?? 0);
  return fake;
}

class FakeServer implements FakeEndpoint {
  readonly #options: FakeEndpointOptions;
  readonly #server: Server;
  readonly #tuning: FakeFineTuning;
  readonly #seen = new Set<string>();
  #answer: FakeAnswer;
  #latencyMs: number;
  #usage: boolean;
  #models: string[];
  #faults: FakeFault[] = [];
  #counts = { ...zero };
  #byModel: Record<string, number> = {};
  #calls: FakeCall[] = [];
  #index = 0;

  constructor(options: FakeEndpointOptions) {
    this.#options = options;
    this.#answer = options.answer ?? defaultAnswer;
    this.#latencyMs = options.latencyMs ?? 0;
    this.#usage = options.usage ?? true;
    this.#models = [...(options.models ?? ['base'])];
    this.#tuning = new FakeFineTuning(options.fineTuning ?? {}, (model) => {
      if (!this.#models.includes(model)) this.#models.push(model);
    });
    this.#server = createServer((request, response) => {
      if (options.intercept?.(request, response) === true) return;
      this.#handle(request, response).catch((error: unknown) => {
        if (!response.headersSent) sendError(response, 500, String(error), 'fake_bug');
        else response.destroy();
      });
    });
    this.#server.keepAliveTimeout = 60_000;
    this.#server.on('connection', () => this.#counts.connections++);
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => {
        resolve();
      });
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get baseURL(): string {
    return `http://127.0.0.1:${this.port}/v1`;
  }

  get counters(): FakeCounters {
    const { filesUploaded, jobsCreated } = this.#tuning;
    return { ...this.#counts, byModel: { ...this.#byModel }, filesUploaded, jobsCreated };
  }

  get calls(): readonly FakeCall[] {
    return this.#calls;
  }

  get jobs(): readonly FakeJob[] {
    return this.#tuning.jobs;
  }

  callsFor(model: string): readonly FakeCall[] {
    return this.#calls.filter((call) => call.model === model);
  }

  setAnswer(answer: FakeAnswer): void {
    this.#answer = answer;
  }

  setLatency(milliseconds: number): void {
    this.#latencyMs = milliseconds;
  }

  setModels(models: readonly string[]): void {
    this.#models = [...models];
  }

  setFineTuning(options: FakeFineTuningOptions): void {
    this.#tuning.configure(options);
  }

  setUsage(reported: boolean): void {
    this.#usage = reported;
  }

  fault(...faults: readonly FakeFault[]): void {
    this.#faults.push(...faults);
  }

  reset(): void {
    this.#counts = { ...zero, inFlight: this.#counts.inFlight };
    this.#byModel = {};
    this.#calls = [];
    this.#seen.clear();
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => {
        resolve();
      });
      this.#server.closeAllConnections();
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#counts.requests++;
    const url = new URL(request.url ?? '/', 'http://fake');
    const path = url.pathname.replace(/^\/v1\//, '');
    const raw = await readBody(request);
    const fault = this.#takeFault(path);
    if (fault !== undefined) this.#counts.faults++;
    if (fault?.kind === 'lostAnswer') loseAnswer(response);
    else if (fault !== undefined) {
      if (isCompletion(path)) this.#countCompletion(parseBody(raw));
      playFault(fault, response);
      return;
    }
    const { apiKey } = this.#options;
    if (apiKey !== undefined && request.headers.authorization !== `Bearer ${apiKey}`) {
      sendError(
        response,
        401,
        `Incorrect API key provided: ${request.headers.authorization ?? 'none'}.`,
        'invalid_api_key',
      );
      return;
    }
    if (isCompletion(path)) return this.#complete(path, parseBody(raw), request, response);
    if (path === 'models' || path.startsWith('models/')) return this.#listModels(path, response);
    if (this.#tuning.handle(request, path, url, raw, response)) return;
    sendError(response, 404, `No route ${request.method ?? ''} ${url.pathname}`, 'not_found');
  }

  #takeFault(path: string): FakeFault | undefined {
    const place = this.#faults.findIndex((fault) =>
      fault.path === undefined ? isCompletion(path) : path.startsWith(fault.path),
    );
    return place < 0 ? undefined : this.#faults.splice(place, 1)[0];
  }

  #countCompletion(body: Record<string, unknown>): void {
    this.#counts.completions++;
    const model = String(body['model']);
    this.#byModel[model] = (this.#byModel[model] ?? 0) + 1;
  }

  async #complete(
    path: 'chat/completions' | 'completions',
    body: Record<string, unknown>,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const call = callOf(path, body, this.#index++, request.headers.authorization ?? null);
    this.#countCompletion(body);
    if (this.#options.keepCalls !== false) this.#calls.push(call);
    if (this.#refuse(path, call, response)) return;
    this.#counts.inFlight++;
    this.#counts.maxInFlight = Math.max(this.#counts.maxInFlight, this.#counts.inFlight);
    try {
      const given = await this.#answer(call);
      const reply = typeof given === 'string' ? { text: given } : given;
      const latency = reply.latencyMs ?? this.#latencyMs;
      if (latency > 0) await pause(latency, response);
      if (response.destroyed) {
        this.#counts.abandoned++;
        return;
      }
      if (reply.fault !== undefined) {
        this.#counts.faults++;
        playFault(reply.fault, response);
        return;
      }
      const status = reply.status ?? 200;
      if (status === 200) this.#countAnswered(path, body);
      if (reply.wire !== undefined) sendText(response, status, reply.wire.text, reply.wire.type);
      else send(response, status, reply.raw ?? answerBody(path, call, reply, this.#usage));
    } finally {
      this.#counts.inFlight--;
    }
  }

  #countAnswered(path: string, body: unknown): void {
    this.#counts.answered++;
    if (this.#options.keepCalls === false) return;
    const identity = path + JSON.stringify(body);
    if (this.#seen.has(identity)) this.#counts.repeated++;
    this.#seen.add(identity);
  }

  #refuse(path: string, call: FakeCall, response: ServerResponse): boolean {
    const { completions, maxPromptCharacters, maxInFlight, serves } = this.#options;
    if (path === 'completions' && completions === false) {
      sendError(response, 404, 'Not Found', 'not_found');
    } else if (!this.#models.includes(call.model) && serves?.(call.model) !== true) {
      sendError(response, 404, `The model \`${call.model}\` does not exist.`, 'model_not_found');
    } else if (maxPromptCharacters !== undefined && call.prompt.length > maxPromptCharacters) {
      sendError(response, 400, `This model's maximum context length is exceeded.`, 'context_length_exceeded');
    } else if (maxInFlight !== undefined && this.#counts.inFlight >= maxInFlight) {
      sendError(response, 429, 'Too many requests', 'rate_limit_exceeded');
    } else return false;
    return true;
  }

  #listModels(path: string, response: ServerResponse): void {
    const { advertise, ownedBy } = this.#options;
    const entry = (id: string) => ({
      id,
      object: 'model',
      created: 1,
      owned_by: ownedBy ?? 'fake',
      ...(advertise === undefined ? {} : { bettertogether: advertise }),
    });
    if (path === 'models') {
      send(response, 200, { object: 'list', data: this.#models.map(entry) });
      return;
    }
    const id = decodeURIComponent(path.slice('models/'.length));
    if (this.#models.includes(id)) send(response, 200, entry(id));
    else sendError(response, 404, `The model \`${id}\` does not exist.`, 'model_not_found');
  }
}
