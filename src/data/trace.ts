import type { Fields } from '../base/json.ts';
import type { LmAnswer, LmPrompt } from './lm.ts';

/** A request to an LM as a trace keeps it: bodies stay in the memo, under `key`. */
export type LmRecord = Omit<LmAnswer, 'text'>;

export function recordOf({ finishReason, usage, key, model, endpoint, cached, seconds }: LmAnswer): LmRecord {
  const elsewhere = endpoint === undefined ? {} : { endpoint };
  return { finishReason, usage, key, model, ...elsewhere, cached, seconds };
}

/** One call of one predictor within one run of the program. */
export interface TraceCall {
  readonly predictor: string;
  readonly inputs: Fields;
  /** The parsed outputs; `null` when the call failed. */
  readonly outputs: Fields | null;
  readonly error?: string;
  /** LM requests this call made, in order (more than one after a fallback). */
  readonly lm: readonly LmRecord[];
  /** Names of the modules around the call, outermost first. */
  readonly path: readonly string[];
  /** Seconds since the program run began. */
  readonly start: number;
  readonly seconds: number;
}

/** One look-up of passages within one run of the program: `Retrieve`, or a retriever of DSPy's. */
export interface Retrieval {
  /** The class that was asked: `Retrieve`, `ColBERTv2`. */
  readonly retriever: string;
  readonly query: string;
  /** Passages asked for at most; left out where the retriever alone decides. */
  readonly k?: number;
  /** The beginning of each passage that came, the best first. */
  readonly passages: readonly string[];
  readonly error?: string;
  /** As in `TraceCall`. */
  readonly path: readonly string[];
  readonly start: number;
  readonly seconds: number;
}

/** An error of the user's code, told so that the user can find it. */
export interface UserCodeError {
  /** `parse`: an answer that is not in the predictor's format; the rest say whose code threw, or how it ended. */
  readonly kind: 'parse' | 'program' | 'metric' | 'timeout' | 'crash' | 'rejected';
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
}

/** What one run of the program on one example gave. A failed one scores 0 and counts. */
export interface ProgramOutcome {
  readonly prediction: Fields | null;
  /** The metric's value, booleans as 0 and 1; 0 when `error` is set. */
  readonly score: number;
  readonly error?: UserCodeError;
  readonly trace: readonly TraceCall[];
  /** In the order they began, for the trace viewer; left out where there are none. */
  readonly retrievals?: readonly Retrieval[];
  /**
   * LM requests made in this run that are in no call of the trace: the metric's own (a judge). No host sends them; the
   * engine, through which they went, adds them. Left out where there are none.
   */
  readonly untraced?: readonly LmRecord[];
  readonly seconds: number;
}

/** All LM requests of a program run, its metric's among them. */
export function recordsOf({ trace, untraced = [] }: Pick<ProgramOutcome, 'trace' | 'untraced'>): readonly LmRecord[] {
  return [...trace.flatMap(({ lm }) => lm), ...untraced];
}

/**
 * A prompt and the answer to train on. Kept apart: the prompt with its opened prefix (masked), the completion
 * (trained), and the text that ends it (trained; `null`: the chat template's end of turn).
 */
export interface TrainingRow {
  readonly predictor: string;
  readonly prompt: LmPrompt;
  readonly completion: string;
  readonly end: string | null;
}
