/**
 * A proxy between a client and an endpoint that does to its traffic what networks and overloaded servers do. The
 * endpoint behind it counts what it answered (and would charge for), whatever becomes of the answer on its way back.
 */
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { isCompletion } from './fakeCompletions.ts';
import { readBody } from './fakeHttp.ts';

/** What happens to one request for a completion. */
export type ProxyFault =
  /** Answered by the proxy; the endpoint never hears of it. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** The connection is reset before the endpoint hears of the request. */
  | { readonly kind: 'resetBefore' }
  /** The endpoint answers, and the connection is reset instead. */
  | { readonly kind: 'resetAfter' }
  /** Nothing ever comes; the endpoint never hears of it. */
  | { readonly kind: 'stall' }
  /** The endpoint's answer comes one byte at a time, so many milliseconds apart. */
  | { readonly kind: 'drip'; readonly everyMs: number }
  /** Headers of the whole answer, half of its body, then a reset. */
  | { readonly kind: 'halfBody' }
  /** The endpoint's answer with another body: text as it is, anything else as JSON. */
  | { readonly kind: 'rewrite'; readonly body: (answer: WireAnswer) => unknown; readonly type?: string };

/** An answer on the OpenAI wire, as far as faults change it. */
export interface WireAnswer {
  readonly model: string;
  readonly choices: readonly {
    readonly message: { readonly role: string; readonly content: string | null };
    readonly finish_reason: string;
  }[];
  readonly usage?: unknown;
}

/** A request for a completion as the proxy sees it; `index` from 0 in the order of arrival, probes included. */
export interface ProxiedCall {
  readonly index: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** All text of the prompt. */
  readonly prompt: string;
  readonly authorization: string | null;
}

export type Decide = (call: ProxiedCall) => ProxyFault | null;

export interface FaultProxy {
  readonly baseURL: string;
  readonly port: number;
  /** Completions that met a fault. */
  readonly faulted: number;
  readonly calls: readonly ProxiedCall[];
  /** Called for each completion; `null`: it passes unharmed. Other requests always pass. */
  setFault(decide: Decide): void;
  /** Stops listening: connections are refused, and those that are open are cut. */
  down(): Promise<void>;
  /** Listens again, at the same address. */
  up(): Promise<void>;
  close(): Promise<void>;
}

/** @param target base URL of the endpoint behind it, such as `http://127.0.0.1:40001/v1`. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const proxy = new TamperingProxy(new URL(target));
  await proxy.up();
  return proxy;
}

class TamperingProxy implements FaultProxy {
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();
  readonly calls: ProxiedCall[] = [];
  #server: Server | null = null;
  #decide: Decide = () => null;
  #port = 0;
  faulted = 0;

  constructor(target: URL) {
    this.#target = target;
  }

  get port(): number {
    return this.#port;
  }

  get baseURL(): string {
    return `http://127.0.0.1:${this.#port}/v1`;
  }

  setFault(decide: Decide): void {
    this.#decide = decide;
  }

  async up(): Promise<void> {
    const server = createServer((request, response) => {
      this.#handle(request, response).catch(() => response.destroy());
    });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
  }

  async down(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }

  close(): Promise<void> {
    return this.down();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const path = (request.url ?? '/').replace(/^\/v1\//, '');
    const fault = isCompletion(path) ? this.#decide(this.#note(request, body)) : null;
    if (fault !== null) this.faulted++;
    if (fault?.kind === 'stall') return;
    if (fault?.kind === 'resetBefore') {
      request.socket.resetAndDestroy();
      return;
    }
    if (fault?.kind === 'status') {
      response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
      response.end(fault.body ?? JSON.stringify({ error: { message: `fault ${fault.status}`, code: null } }));
      return;
    }
    const answer = await this.#forward(request, body);
    await pass(fault, answer, request.socket, response);
  }

  #note(request: IncomingMessage, raw: Buffer): ProxiedCall {
    const body = JSON.parse(raw.toString('utf8')) as Record<string, unknown>;
    const messages = (body['messages'] ?? [{ content: body['prompt'] }]) as readonly { readonly content: string }[];
    const call = {
      index: this.calls.length,
      body,
      prompt: messages.map(({ content }) => content).join('\n'),
      authorization: request.headers.authorization ?? null,
    };
    this.calls.push(call);
    return call;
  }

  #forward(request: IncomingMessage, body: Buffer): Promise<{ readonly status: number; readonly body: Buffer }> {
    const { hostname, port } = this.#target;
    const options = { hostname, port, path: request.url, method: request.method, headers: request.headers };
    return new Promise((resolve, reject) => {
      const onward = httpRequest(options, (answer) => {
        readBody(answer).then((bytes) => resolve({ status: answer.statusCode ?? 502, body: bytes }), reject);
      });
      onward.on('error', reject);
      onward.end(body);
    });
  }
}

async function pass(
  fault: Exclude<ProxyFault, { kind: 'status' | 'stall' | 'resetBefore' }> | null,
  { status, body }: { readonly status: number; readonly body: Buffer },
  socket: Socket,
  response: ServerResponse,
): Promise<void> {
  if (fault?.kind === 'resetAfter') {
    socket.resetAndDestroy();
    return;
  }
  const sent = fault?.kind === 'rewrite' && status === 200 ? rewritten(fault, body) : body;
  const type = (fault?.kind === 'rewrite' ? fault.type : undefined) ?? 'application/json';
  response.writeHead(status, { 'content-type': type, 'content-length': sent.length });
  if (fault?.kind === 'halfBody') {
    response.write(sent.subarray(0, sent.length / 2));
    setTimeout(() => socket.resetAndDestroy(), 5);
    return;
  }
  if (fault?.kind === 'drip') {
    for (const byte of sent) {
      if (response.destroyed) return;
      response.write(Buffer.of(byte));
      await new Promise((resolve) => setTimeout(resolve, fault.everyMs));
    }
    response.end();
    return;
  }
  response.end(sent);
}

function rewritten({ body }: Extract<ProxyFault, { kind: 'rewrite' }>, answer: Buffer): Buffer {
  const value = body(JSON.parse(answer.toString('utf8')) as WireAnswer);
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}
