import type { Generation, GenerationEnd } from './generation.ts';
import { Lane } from './lane.ts';
import type { LlamaModel } from './nodeLlamaCpp.ts';

interface Entry {
  readonly lane: Lane;
  users: number;
  lastUsed: number;
}

interface Shape {
  readonly sequences: number;
  readonly contextSize: number;
}

/** Tokens evaluated at once. */
const batchSize = 512;
/** An adapter's context unused for this long gives its memory back. */
const idleMs = 120_000;

/**
 * The contexts of a model: one per adapter (an adapter is a property of a context), made when first asked for and
 * let go, least recently used first, when they would take more memory together than they may. Weights are shared.
 *
 * There are two shapes: eight sequences of 2,048 tokens, and two of up to 8,192 for what does not fit.
 */
export class LanePool {
  readonly #model: LlamaModel;
  readonly #memory: number;
  readonly #short: Shape;
  readonly #long: Shape;
  readonly #entries = new Map<string, Entry>();
  readonly #idle: NodeJS.Timeout;
  #clock = 0;
  #making: Promise<unknown> = Promise.resolve();
  #wake: (() => void)[] = [];

  constructor(model: LlamaModel, memory: number) {
    this.#model = model;
    this.#memory = memory;
    this.#short = { sequences: 8, contextSize: Math.min(2048, model.trainContextSize) };
    this.#long = { sequences: 2, contextSize: Math.min(8192, model.trainContextSize) };
    this.#idle = setInterval(() => void this.#releaseIdle(), idleMs / 4).unref();
  }

  /** Tokens that a prompt and its answer can have together. */
  get longest(): number {
    return this.#long.contextSize - 1;
  }

  /** Runs a generation in the lane of its adapter, the short one where what there is so far fits. */
  async run(adapter: string | null, generation: Generation): Promise<GenerationEnd> {
    const tokens = generation.prompt.length + generation.generated.length;
    const long = tokens >= this.#short.contextSize;
    const entry = await this.#acquire(adapter, long ? this.#long : this.#short, generation.signal);
    try {
      const end = await entry.lane.run(generation);
      return end === 'full' && (long || this.#long.contextSize === this.#short.contextSize) ? 'length' : end;
    } finally {
      entry.users--;
      entry.lastUsed = Date.now();
      this.#wakeAll();
    }
  }

  async dispose(): Promise<void> {
    clearInterval(this.#idle);
    await this.#making.catch(() => undefined);
    await Promise.all([...this.#entries.values()].map((entry) => entry.lane.dispose()));
    this.#entries.clear();
  }

  async #acquire(adapter: string | null, shape: Shape, signal: AbortSignal): Promise<Entry> {
    const key = `${String(shape.contextSize)}|${adapter ?? ''}`;
    // One at a time: two requests for a new adapter must not make two contexts.
    const made = this.#making.then(async () => {
      signal.throwIfAborted();
      let entry = this.#entries.get(key);
      if (entry === undefined) {
        await this.#makeRoom(signal);
        entry = { lane: await this.#makeLane(adapter, shape), users: 0, lastUsed: 0 };
        this.#entries.set(key, entry);
      }
      entry.users++;
      entry.lastUsed = ++this.#clock;
      return entry;
    });
    this.#making = made.catch(() => undefined);
    return await made;
  }

  async #makeLane(adapter: string | null, shape: Shape): Promise<Lane> {
    const lora = adapter === null ? {} : { lora: adapter };
    for (let { sequences } = shape; ; sequences = Math.floor(sequences / 2)) {
      try {
        // With flash attention a token's state does not depend on how many are evaluated with it, so an answer hardly
        // depends on what else is asked or was reused (measured, first token after a prompt evaluated whole and token
        // by token: probability 0.1569 and 0.1569; without it 0.1520 and 0.1398).
        const options = { ...shape, sequences, batchSize, flashAttention: true, ...lora };
        const context = await this.#model.createContext(options);
        return new Lane(context, sequences);
      } catch (error) {
        // A large model on a small machine: fewer sequences take less memory.
        if (sequences <= 1 || !/memory|vram|context/i.test(String(error))) throw error;
      }
    }
  }

  /** Lets idle contexts go until another of the largest size there is fits; waits where all are at work. */
  async #makeRoom(signal: AbortSignal): Promise<void> {
    for (;;) {
      const entries = [...this.#entries.values()];
      const taken = entries.reduce((sum, { lane }) => sum + lane.memory, 0);
      const next = Math.max(0, ...entries.map(({ lane }) => lane.memory));
      if (entries.length === 0 || taken + next <= this.#memory) return;
      if (!(await this.#releaseOldest(() => true))) {
        await new Promise<void>((resolve) => this.#wake.push(resolve));
        signal.throwIfAborted();
      }
    }
  }

  async #releaseOldest(may: (entry: Entry) => boolean): Promise<boolean> {
    const idle = [...this.#entries].filter(([, entry]) => entry.users === 0 && may(entry));
    const oldest = idle.sort(([, a], [, b]) => a.lastUsed - b.lastUsed)[0];
    if (oldest === undefined) return false;
    this.#entries.delete(oldest[0]);
    await oldest[1].lane.dispose();
    return true;
  }

  async #releaseIdle(): Promise<void> {
    const before = Date.now() - idleMs;
    while (await this.#releaseOldest((entry) => entry.lastUsed < before));
  }

  #wakeAll(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}
