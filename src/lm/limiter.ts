import { stopped } from '../engine/abort.ts';

/** Held while a request is in flight. `done` is called exactly once. */
export interface Slot {
  /** @param retryAfter seconds the endpoint asked everybody to wait, with `throttled`. */
  done(outcome: 'answered' | 'throttled' | 'failed', retryAfter?: number | null): void;
}

interface Waiter {
  readonly admit: (slot: Slot) => void;
}

/**
 * How many requests may be in flight at one endpoint. Halves when the endpoint says that it is too many (429), once
 * for all requests that were already under way; grows by one for each full window of answers, up to the configured
 * maximum: additive increase, multiplicative decrease, as TCP does. While the endpoint asked to wait, none starts.
 * First come, first served, but retries go before new requests: they are older.
 */
export class Limiter {
  readonly #max: number;
  #limit: number;
  #inFlight = 0;
  #pausedUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  /** When the limit was cut last: a request older than that says nothing about the new limit. */
  #cutAt = -1;
  // Sets keep the order of insertion and forget in constant time.
  readonly #retries = new Set<Waiter>();
  readonly #fresh = new Set<Waiter>();

  constructor(max: number) {
    this.#max = Math.max(1, max);
    this.#limit = this.#max;
  }

  get limit(): number {
    return Math.floor(this.#limit);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get waiting(): number {
    return this.#retries.size + this.#fresh.size;
  }

  async acquire(signal: AbortSignal, kind: 'fresh' | 'retry' = 'fresh'): Promise<Slot> {
    if (signal.aborted) throw stopped(signal);
    if (this.waiting === 0 && this.#free()) return this.#open();
    const queue = kind === 'retry' ? this.#retries : this.#fresh;
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        admit: (slot) => {
          signal.removeEventListener('abort', onAbort);
          resolve(slot);
        },
      };
      const onAbort = () => {
        queue.delete(waiter);
        reject(stopped(signal));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      queue.add(waiter);
      this.#admit();
    });
  }

  #free(): boolean {
    return this.#inFlight < this.limit && performance.now() >= this.#pausedUntil;
  }

  #open(): Slot {
    this.#inFlight++;
    const startedAt = performance.now();
    let open = true;
    return {
      done: (outcome, retryAfter = null) => {
        if (!open) return;
        open = false;
        this.#inFlight--;
        if (outcome === 'answered') this.#limit = Math.min(this.#max, this.#limit + 1 / this.#limit);
        if (outcome === 'throttled') this.#cut(startedAt, retryAfter);
        this.#admit();
      },
    };
  }

  #cut(startedAt: number, retryAfter: number | null): void {
    const now = performance.now();
    if (startedAt > this.#cutAt) {
      this.#limit = Math.max(1, this.#limit / 2);
      this.#cutAt = now;
    }
    if (retryAfter !== null) this.#pausedUntil = Math.max(this.#pausedUntil, now + retryAfter * 1000);
  }

  #admit(): void {
    while (this.waiting > 0 && this.#free()) {
      const queue = this.#retries.size > 0 ? this.#retries : this.#fresh;
      const [next] = queue;
      queue.delete(next!);
      next!.admit(this.#open());
    }
    if (this.waiting === 0 || this.#timer !== undefined) return;
    const wait = this.#pausedUntil - performance.now();
    if (wait <= 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#admit();
    }, Math.ceil(wait));
  }
}
