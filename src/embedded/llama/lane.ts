import type { Generation, GenerationEnd } from './generation.ts';
import type { LlamaContext, LlamaSequence, Token } from './nodeLlamaCpp.ts';
import { place, sharedPrefix, worthCopying } from './placement.ts';

interface Slot {
  readonly sequence: LlamaSequence;
  held: readonly Token[];
  busy: boolean;
  lastUsed: number;
  /** Whether the prompt under way is evaluated, or its evaluation was given up; and the promise of it. */
  ready: boolean;
  whenReady: Promise<void>;
}

interface Waiting {
  readonly prompt: readonly Token[];
  readonly generation: Generation;
  passedOver: number;
  /** It no longer waits, so an abort is noticed by the generation itself. */
  readonly placed: () => void;
  readonly resolve: (end: GenerationEnd) => void;
  readonly reject: (error: unknown) => void;
}

/** Prompt tokens evaluated between two looks at whether the client is still there. */
const prefillChunk = 256;

/**
 * One llama.cpp context: the base model's or an adapter's. Its sequences generate side by side (llama.cpp batches
 * them); a request takes the sequence, and the state, that shares most of its prompt.
 */
export class Lane {
  readonly #context: LlamaContext;
  readonly #slots: readonly Slot[];
  readonly #waiting: Waiting[] = [];
  readonly #canCopy: boolean;
  #clock = 0;
  #pumpScheduled = false;

  constructor(context: LlamaContext, sequences: number) {
    this.#context = context;
    this.#slots = Array.from({ length: sequences }, () => ({
      sequence: context.getSequence(),
      held: [],
      busy: false,
      lastUsed: 0,
      ready: true,
      whenReady: Promise.resolve(),
    }));
    this.#canCopy = typeof this.#slots[0]?.sequence._copyStateFromOtherSequence === 'function';
  }

  /** Tokens that prompt and answer may have together. */
  get capacity(): number {
    // The runtime keeps the last cell free, and would drop the prompt's beginning to make room.
    return this.#context.contextSize - 1;
  }

  /** Bytes. */
  get memory(): number {
    return this.#context.memoryUsage.ram + this.#context.memoryUsage.vram;
  }

  /** Generates until the answer ends. Rejects with the signal's reason once it is aborted. */
  run(generation: Generation): Promise<GenerationEnd> {
    return new Promise((resolve, reject) => {
      const prompt = [...generation.prompt, ...generation.generated];
      const { signal } = generation;
      const leave = (): void => {
        const index = this.#waiting.indexOf(waiting);
        if (index < 0) return;
        this.#waiting.splice(index, 1);
        reject(signal.reason);
      };
      const waiting: Waiting = {
        prompt,
        generation,
        passedOver: 0,
        placed: () => {
          signal.removeEventListener('abort', leave);
        },
        resolve,
        reject,
      };
      this.#waiting.push(waiting);
      signal.addEventListener('abort', leave, { once: true });
      if (signal.aborted) leave();
      this.#schedulePump();
    });
  }

  async dispose(): Promise<void> {
    await this.#context.dispose();
  }

  /** Places requests once those that arrived together are all there, so that they can be grouped. */
  #schedulePump(): void {
    if (this.#pumpScheduled) return;
    this.#pumpScheduled = true;
    setImmediate(() => {
      this.#pumpScheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    for (;;) {
      const placement = place(this.#waiting, this.#slots, this.#canCopy);
      if (placement === null) return;
      for (const earlier of this.#waiting.slice(0, placement.waiting)) earlier.passedOver++;
      const waiting = this.#waiting.splice(placement.waiting, 1)[0]!;
      const source = placement.source === null ? null : this.#slots[placement.source]!;
      this.#occupy(this.#slots[placement.slot]!, source, waiting);
    }
  }

  #occupy(slot: Slot, source: Slot | null, waiting: Waiting): void {
    waiting.placed();
    slot.busy = true;
    slot.lastUsed = ++this.#clock;
    slot.held = waiting.prompt;
    slot.ready = false;
    const sourceReady = source?.whenReady;
    let markReady = (): void => undefined;
    slot.whenReady = new Promise((resolve) => {
      markReady = () => {
        slot.ready = true;
        resolve();
      };
    });
    const work = async (): Promise<GenerationEnd> => {
      if (source !== null && source !== slot) {
        await sourceReady;
        await takeOver(slot.sequence, source.sequence, waiting.prompt);
      }
      return await this.#generate(slot.sequence, waiting, markReady);
    };
    work()
      .finally(() => {
        markReady();
        slot.busy = false;
        slot.held = [...slot.sequence.contextTokens];
        this.#schedulePump();
      })
      .then(waiting.resolve, waiting.reject);
  }

  async #generate(sequence: LlamaSequence, waiting: Waiting, markReady: () => void): Promise<GenerationEnd> {
    const { prompt, generation } = waiting;
    const { signal, sampling } = generation;
    await sequence.adaptStateToTokens(prompt.slice(0, -1), false);
    let done = sequence.nextTokenIndex;
    generation.cachedTokens ??= Math.min(done, generation.prompt.length);
    while (prompt.length - done > prefillChunk) {
      signal.throwIfAborted();
      await sequence.evaluateWithoutGeneratingNewTokens(prompt.slice(done, done + prefillChunk));
      done = sequence.nextTokenIndex;
    }
    signal.throwIfAborted();
    if (generation.maxTokens <= generation.generated.length) return 'length';
    const tokens = sequence.evaluate(prompt.slice(done), {
      ...sampling,
      ...(generation.grammar === null ? {} : { grammarEvaluationState: generation.grammar }),
    });
    for await (const token of tokens) {
      markReady();
      signal.throwIfAborted();
      generation.generated.push(token);
      const end = this.#take(token, generation);
      if (end !== null) return end;
    }
    return 'stop';
  }

  #take(token: Token, generation: Generation): GenerationEnd | null {
    const { text, stopped } = generation.text.push(token);
    if (text !== '') generation.onText(text);
    if (stopped || generation.complete?.(generation.text.raw) === true) return 'stop';
    if (generation.generated.length >= generation.maxTokens) return 'length';
    if (generation.prompt.length + generation.generated.length > this.capacity) return 'full';
    return null;
  }
}

/**
 * Takes over what `source` has evaluated of `prompt`. The copy is the runtime's own and may not succeed while the
 * source is at work; then the prompt is evaluated again, which gives the same state at a higher price.
 */
async function takeOver(target: LlamaSequence, source: LlamaSequence, prompt: readonly Token[]): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt++) {
    const shared = sharedPrefix(prompt, source.contextTokens);
    if (shared - sharedPrefix(prompt, target.contextTokens) < worthCopying) return;
    if ((await target._copyStateFromOtherSequence?.(source, shared)) === true) return;
    await target.clearHistory();
  }
}
