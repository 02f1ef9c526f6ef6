import { randomInt } from 'node:crypto';
import type { ChatMessage } from '../../data/lm.ts';
import type { Home } from '../../home/home.ts';
import type { ModelFile } from '../setup/model.ts';
import { runtimeEntry } from '../setup/runtime.ts';
import { answerText } from './answerText.ts';
import type { ChatTemplate } from './chatTemplate.ts';
import { chatTemplateOf } from './chatTemplate.ts';
import type { Generation, GenerationEnd } from './generation.ts';
import { isDecided } from './grammar.ts';
import { LanePool } from './lanePool.ts';
import type { GrammarState, LlamaGrammar, LlamaModel, Runtime, Token } from './nodeLlamaCpp.ts';
import { loadRuntime } from './nodeLlamaCpp.ts';
import { governThreads } from './threads.ts';

/** One request for answers to one prompt. */
export interface EngineRequest {
  /** Path of the adapter's GGUF; `null`: the base model. */
  readonly adapter: string | null;
  readonly prompt: readonly Token[];
  /** Answers wanted. */
  readonly n: number;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly minP: number;
  /** `null`: another one each time. */
  readonly seed: number | null;
  readonly stops: readonly string[];
  /** GBNF. */
  readonly grammar: string | null;
  readonly choices: readonly string[] | null;
  readonly signal: AbortSignal;
  readonly onText?: (index: number, text: string) => void;
}

export interface EngineAnswer {
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly finishReason: 'stop' | 'length';
  /** Prompt tokens that need not be evaluated, as their state was there. */
  readonly cachedTokens: number;
}

/** The prompt alone does not fit the model's context. */
export class ContextLengthError extends Error {
  override readonly name = 'ContextLengthError';
  constructor(tokens: number, capacity: number) {
    super(
      `This model's maximum context length is ${String(capacity)} tokens. However, your prompt has ` +
        `${String(tokens)} tokens. Please reduce its length.`,
    );
  }
}

export interface EngineOptions {
  /** Threads of llama.cpp at most; default: the cores. Fewer while other processes keep cores busy. */
  readonly threads?: number;
  /** Bytes that contexts may take together; default 1.5 GiB. One always may exist. */
  readonly contextMemory?: number;
}

const grammarsKept = 64;
/** llama.cpp takes the highest 32-bit value for "any seed". */
const seeds = 2 ** 32 - 1;

/** A model in memory: tokenizer, chat template and generation, for the base and every adapter of it. */
export class Engine {
  readonly template: ChatTemplate;
  readonly #runtime: Runtime;
  readonly #model: LlamaModel;
  readonly #lanes: LanePool;
  readonly #grammars = new Map<string, Promise<LlamaGrammar>>();
  readonly #stopGoverning: () => void;

  private constructor(runtime: Runtime, model: LlamaModel, template: ChatTemplate, options: EngineOptions) {
    this.#runtime = runtime;
    this.#model = model;
    this.template = template;
    this.#lanes = new LanePool(model, options.contextMemory ?? 1.5 * 2 ** 30);
    this.#stopGoverning = governThreads(runtime.llama.maxThreads, (threads) => {
      runtime.llama.maxThreads = threads;
    });
  }

  /** Loads `file` once; adapters share its weights. */
  static async load(home: Home, file: ModelFile, options: EngineOptions = {}): Promise<Engine> {
    const runtime = await loadRuntime(home, options.threads);
    const model = await runtime.llama.loadModel({ modelPath: file.path });
    return new Engine(runtime, model, chatTemplateOf(model, runtimeEntry(home)), options);
  }

  /** Tokens of plain text: nothing in it is read as a special token. */
  tokenize(text: string): Token[] {
    return text === '' ? [] : this.#model.tokenize(text, false);
  }

  /** A raw prompt, with the beginning-of-text token where the model was trained with one. */
  promptTokens(text: string): Token[] {
    const { bos, shouldPrependBosToken } = this.#model.tokens;
    return [...(shouldPrependBosToken && bos !== null ? [bos] : []), ...this.tokenize(text)];
  }

  chatTokens(messages: readonly ChatMessage[], opened?: string): Token[] {
    return this.template.prompt(messages, opened);
  }

  /** Tokens that prompt and answer may have together. */
  get maxContext(): number {
    return this.#lanes.longest;
  }

  /**
   * Generates `n` answers.
   *
   * @throws ContextLengthError when the prompt does not fit.
   * @throws the signal's reason once it is aborted.
   */
  async generate(request: EngineRequest): Promise<readonly EngineAnswer[]> {
    if (request.prompt.length > this.maxContext) throw new ContextLengthError(request.prompt.length, this.maxContext);
    const seed = request.seed ?? randomInt(seeds);
    const answers = Array.from({ length: request.n }, (_none, index) => this.#answer(request, index, seed));
    return await Promise.all(answers);
  }

  async dispose(): Promise<void> {
    this.#stopGoverning();
    await this.#lanes.dispose();
    await this.#model.dispose();
    await this.#runtime.llama.dispose();
  }

  async #answer(request: EngineRequest, index: number, seed: number): Promise<EngineAnswer> {
    const parts: string[] = [];
    const { choices } = request;
    const generation: Generation = {
      prompt: request.prompt,
      generated: [],
      maxTokens: request.maxTokens,
      sampling: {
        temperature: request.temperature,
        topP: request.topP,
        topK: request.topK,
        minP: request.minP,
        seed: seedOf(seed, index),
      },
      text: answerText(this.#model, request.stops),
      grammar: request.grammar === null ? null : await this.#grammarState(request.grammar),
      complete: choices === null ? null : (raw) => isDecided(raw, choices),
      signal: request.signal,
      onText: (text) => {
        parts.push(text);
        request.onText?.(index, text);
      },
      cachedTokens: null,
    };
    const end = await this.#run(request.adapter, generation);
    const rest = generation.text.flush();
    if (rest !== '') generation.onText(rest);
    return {
      text: parts.join(''),
      tokens: generation.generated,
      finishReason: end === 'stop' ? 'stop' : 'length',
      cachedTokens: generation.cachedTokens ?? 0,
    };
  }

  async #run(adapter: string | null, generation: Generation): Promise<GenerationEnd> {
    const end = await this.#lanes.run(adapter, generation);
    // The short context was not enough: the long one evaluates what there is and goes on.
    return end === 'full' ? await this.#lanes.run(adapter, generation) : end;
  }

  async #grammarState(text: string): Promise<GrammarState> {
    let grammar = this.#grammars.get(text);
    if (grammar === undefined) {
      grammar = this.#runtime.llama.createGrammar({ grammar: text });
      this.#grammars.set(text, grammar);
      const oldest = this.#grammars.keys().next().value;
      if (this.#grammars.size > grammarsKept && oldest !== undefined) this.#grammars.delete(oldest);
    }
    return this.#runtime.grammarState(this.#model, await grammar);
  }
}

/** The seed of the `index`-th answer: the request's own for the first, spread out for the others. */
function seedOf(seed: number, index: number): number {
  return ((seed ^ Math.imul(index, 0x9e3779b1)) >>> 0) % seeds;
}
