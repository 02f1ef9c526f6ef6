/** How the pages load from their host: not too often, and with every failure said. */
import { Refused } from './bridge.ts';
import type { Bridge } from './bridge.ts';

/** Data of a run that works is asked for again no more often than this (ms). */
const againEvery = 1000;

/** Loads now, or a moment later when that was done just now. */
export class Spaced {
  readonly #load: () => void;
  #last = -Infinity;
  #again: ReturnType<typeof setTimeout> | null = null;

  constructor(load: () => void) {
    this.#load = load;
  }

  /** Something is loaded now. */
  mark(): void {
    this.#last = performance.now();
  }

  soon(): void {
    const wait = this.#last + againEvery - performance.now();
    if (wait <= 0) return this.#load();
    this.#again ??= setTimeout(() => {
      this.#again = null;
      this.#load();
    }, wait);
  }
}

/** Calls `failed` with what went wrong; what the host did not refuse is a bug and reported to it. */
export async function attempt(
  bridge: Pick<Bridge, 'tellBug'>,
  work: () => unknown,
  failed: (message: string) => void,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refused)) bridge.tellBug(error);
    failed(error instanceof Error ? error.message : String(error));
  }
}
