import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from './undici.ts';

/** An answer that was read to its end. */
export interface WholeAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface WholeRequest {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array | null;
  readonly signal?: AbortSignal | null;
}

/**
 * Asks once, and reads the answer whole. Undici's `request` makes a stream of it, which costs as much again as the request.
 *
 * @throws what undici says of a connection or an answer that fails; the signal's reason.
 */
export async function askWhole(
  dispatcher: Dispatcher,
  address: string,
  { method, headers, body, signal }: WholeRequest,
): Promise<WholeAnswer> {
  signal?.throwIfAborted();
  const { origin, pathname, search } = new URL(address);
  let collecting: Collecting | null = null;
  const abort = () => collecting?.abort(signal!.reason as Error);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await new Promise<WholeAnswer>((resolve, reject) => {
      collecting = new Collecting(resolve, reject);
      dispatcher.dispatch({ origin, path: `${pathname}${search}`, method, headers, body }, collecting);
    });
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

type Controller = Dispatcher.DispatchController;

class Collecting implements Dispatcher.DispatchHandler {
  readonly #resolve: (answer: WholeAnswer) => void;
  readonly #reject: (error: Error) => void;
  readonly #chunks: Buffer[] = [];
  #controller: Controller | null = null;
  #reason: Error | null = null;
  #status = 0;
  #headers: IncomingHttpHeaders = {};

  constructor(resolve: (answer: WholeAnswer) => void, reject: (error: Error) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Nobody waits for the answer any more. */
  abort(reason: Error): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
    this.#reject(reason);
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    // It waited for a connection meanwhile.
    if (this.#reason !== null) controller.abort(this.#reason);
  }

  onResponseStart(_controller: Controller, status: number, headers: IncomingHttpHeaders): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [first] = this.#chunks;
    const body = first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    this.#resolve({ status: this.#status, headers: this.#headers, body });
  }

  onResponseError(_controller: Controller, error: Error): void {
    this.#reject(error);
  }
}
