/**
 * The part of node-llama-cpp 3.22 that we use, declared by hand: the package is no dependency of ours (a plain install
 * takes 725 MB of GPU builds), it is installed into the home by `setup/runtime.ts` and imported from there.
 */
import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import { HumanError, messageOf } from '../../base/errors.ts';
import type { Home } from '../../home/home.ts';
import { runtimeEntry } from '../setup/runtime.ts';

export type Token = number;

export interface LlamaGrammar {
  readonly grammar: string;
}

/** The place of a constrained generation in its grammar; a new one for each. Opaque to us. */
export type GrammarState = object;

export interface EvaluateOptions {
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly seed?: number;
  readonly grammarEvaluationState?: GrammarState;
}

export interface LlamaSequence {
  readonly contextTokens: readonly Token[];
  readonly nextTokenIndex: number;
  /** Forgets what follows the first token in which the state differs from `tokens`. */
  adaptStateToTokens(tokens: readonly Token[], allowShift: boolean): Promise<void>;
  clearHistory(): Promise<void>;
  evaluate(tokens: readonly Token[], options: EvaluateOptions): AsyncGenerator<Token, void, undefined>;
  /** With the probability of each token of the vocabulary that could have come. */
  evaluateWithMetadata(
    tokens: readonly Token[],
    metadata: { readonly probabilities: true },
    options: EvaluateOptions,
  ): AsyncGenerator<{ readonly token: Token; readonly probabilities: ReadonlyMap<Token, number> }, void, undefined>;
  evaluateWithoutGeneratingNewTokens(tokens: readonly Token[]): Promise<void>;
  /** Internal to the package: takes over another sequence's state. Absent in other versions, so never relied upon. */
  _copyStateFromOtherSequence?(other: LlamaSequence, upToTokenIndex: number): Promise<boolean>;
}

export interface LlamaContext {
  readonly contextSize: number;
  /** Bytes. */
  readonly memoryUsage: { readonly ram: number; readonly vram: number };
  getSequence(): LlamaSequence;
  dispose(): Promise<void>;
}

export interface ContextOptions {
  readonly sequences: number;
  /** Tokens per sequence. */
  readonly contextSize: number;
  readonly batchSize: number;
  readonly flashAttention: boolean;
  readonly lora?: string;
}

export interface LlamaModel {
  readonly trainContextSize: number;
  readonly fileInfo: {
    readonly metadata: {
      readonly general?: { readonly name?: string; readonly architecture?: string };
      readonly tokenizer?: { readonly chat_template?: string };
    };
  };
  readonly tokens: {
    readonly bos: Token | null;
    readonly eos: Token | null;
    readonly eot: Token | null;
    readonly bosString: string | null;
    readonly eosString: string | null;
    readonly shouldPrependBosToken: boolean;
  };
  tokenize(text: string, specialTokens?: boolean): Token[];
  detokenize(tokens: readonly Token[], specialTokens?: boolean, lastTokens?: readonly Token[]): string;
  isEogToken(token: Token): boolean;
  createContext(options: ContextOptions): Promise<LlamaContext>;
  dispose(): Promise<void>;
}

export interface Llama {
  /** What evaluates: `false` is the processor. */
  readonly gpu: false | string;
  /** Threads for all contexts together; may be changed at any time. */
  maxThreads: number;
  loadModel(options: { readonly modelPath: string }): Promise<LlamaModel>;
  createGrammar(options: { readonly grammar: string }): Promise<LlamaGrammar>;
  dispose(): Promise<void>;
}

interface RuntimeModule {
  getLlama(options: {
    readonly gpu: false | 'metal';
    readonly build: 'never';
    readonly skipDownload: true;
    readonly maxThreads: number;
    readonly logLevel: 'error';
    readonly progressLogs: false;
  }): Promise<Llama>;
  readonly LlamaGrammarEvaluationState: new (options: {
    readonly model: LlamaModel;
    readonly grammar: LlamaGrammar;
  }) => GrammarState;
}

export interface Runtime {
  readonly llama: Llama;
  grammarState(model: LlamaModel, grammar: LlamaGrammar): GrammarState;
}

/**
 * Imports the runtime from the home and starts llama.cpp on at most `threads` threads (default: the cores; more than
 * there are cores makes it several times slower). Compiles nothing, downloads nothing.
 *
 * @throws HumanError when it is not installed or cannot be loaded on this machine.
 */
export async function loadRuntime(home: Home, threads = availableParallelism()): Promise<Runtime> {
  const entry = runtimeEntry(home);
  try {
    const runtime = (await import(pathToFileURL(entry).href)) as RuntimeModule;
    const llama = await runtime.getLlama({
      // Apple's only compiled build is Metal's; everywhere else it is the CPU's that we install.
      gpu: process.platform === 'darwin' && process.arch === 'arm64' ? 'metal' : false,
      build: 'never',
      skipDownload: true,
      maxThreads: Math.max(1, Math.min(threads, availableParallelism())),
      logLevel: 'error',
      progressLogs: false,
    });
    const grammarState = (model: LlamaModel, grammar: LlamaGrammar): GrammarState =>
      new runtime.LlamaGrammarEvaluationState({ model, grammar });
    return { llama, grammarState };
  } catch (error) {
    throw new HumanError(
      `The llama.cpp runtime in ${home.runtime} could not be loaded: ${messageOf(error)}. ` +
        `Remove that folder and start again; it needs a system with glibc, macOS or Windows.`,
      { cause: error },
    );
  }
}
