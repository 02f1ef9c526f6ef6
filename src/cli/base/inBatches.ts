/** Milliseconds: nobody sees them, and dozens of calls are answered in them. */
const batchMs = 20;

/** Hands things on in batches, in order: what they are for can wait, and the work between two LM calls cannot. */
export class InBatches<T> {
  readonly #handle: (things: readonly T[]) => void;
  #waiting: T[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(handle: (things: readonly T[]) => void) {
    this.#handle = handle;
  }

  add(thing: T): void {
    this.#waiting.push(thing);
    this.#timer ??= setTimeout(() => this.flush(), batchMs);
  }

  /** Hands on at once what waits. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const things = this.#waiting;
    this.#waiting = [];
    if (things.length > 0) this.#handle(things);
  }
}
