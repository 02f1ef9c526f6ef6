/** Talks to the host: posts questions, and hands on what comes back once it has the shape it should have. */
import { answerSchemas } from '../src/viewProtocol/answers.ts';
import { toViewSchema } from '../src/viewProtocol/messages.ts';
import type { Answer } from '../src/viewProtocol/answers.ts';
import type { Ask } from '../src/viewProtocol/asks.ts';
import type { ToHost, ToView } from '../src/viewProtocol/messages.ts';

/** The part of `acquireVsCodeApi()` that is used. */
export interface HostApi {
  postMessage(message: ToHost): void;
  getState(): unknown;
  setState(state: unknown): void;
}

/** The host says no, in words for people. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** What the host says unasked. */
export type Told = Exclude<ToView, { type: 'reply' | 'refused' }>;

interface Waiting {
  readonly ask: Ask['ask'];
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class Bridge {
  readonly #api: HostApi;
  readonly #onTold: (told: Told) => void;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;

  constructor(api: HostApi, onTold: (told: Told) => void) {
    this.#api = api;
    this.#onTold = onTold;
  }

  ready(): void {
    this.#api.postMessage({ type: 'ready' });
  }

  tellBug(error: unknown): void {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#api.postMessage({ type: 'error', message: message.slice(0, 10_000) });
  }

  /** @throws Refused with the host's reason. */
  ask<A extends Ask['ask']>(body: Extract<Ask, { ask: A }>): Promise<Answer<A>> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { ask: body.ask, resolve, reject });
      this.#api.postMessage({ type: 'request', id, body });
    });
  }

  /** What the host sent, unchecked. Anything that is not a message of ours is passed over and logged. */
  receive(raw: unknown): void {
    const parsed = toViewSchema.safeParse(raw);
    if (!parsed.success) return this.tellBug(parsed.error);
    const message = parsed.data;
    if (message.type !== 'reply' && message.type !== 'refused') return this.#onTold(message);
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    this.#waiting.delete(message.id);
    if (message.type === 'refused') return waiting.reject(new Refused(message.message));
    const answer = answerSchemas[waiting.ask].safeParse(message.value);
    if (answer.success) waiting.resolve(answer.data);
    else waiting.reject(answer.error);
  }
}
