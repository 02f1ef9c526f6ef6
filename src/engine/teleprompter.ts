/** DSPy's optimizers, as the engine runs them: a teleprompter compiles the program in a host process of its own. */
import type { JsonValue } from '../base/json.ts';
import type { LmAnswer, LmCall } from '../data/lm.ts';
import type { Example, ProgramState } from '../data/program.ts';
import type { ProgramOutcome } from '../data/trace.ts';
import type { ProgramRun } from './interfaces.ts';

/** A function that makes a teleprompter; it was called once, so that its errors are found before anything is paid for. */
export interface Teleprompter {
  /** Content hash of its sources, and of what runs them. */
  readonly hash: string;
  /** Its class: `SIMBA`. */
  readonly name: string;
  /** Whether its `compile` takes rows at all. Otherwise those that it learns from are its own. */
  readonly takesTrain: boolean;
  /** Whether its `compile` takes a validation set. Otherwise all rows are for training. */
  readonly takesValidation: boolean;
  /**
   * Makes it again and compiles the program, in a process of its own; what it asks for goes to `work`.
   *
   * @throws HumanError naming the function and the line where it throws or ends its process; the reason where `signal`
   *   aborts, whatever its code makes of that.
   */
  compile(request: CompileRequest, work: CompileWork, signal: AbortSignal): Promise<Compiled>;
}

export interface CompileRequest {
  readonly state: ProgramState;
  readonly train: readonly Example[];
  readonly validation: readonly Example[];
  /** Further arguments of its `compile`, by name. */
  readonly arguments: Readonly<Record<string, JsonValue>>;
  readonly seed: number;
  /** Threads where neither its author nor `arguments` says how many (`dspy.settings.num_threads`). */
  readonly threads: number;
}

/** What a teleprompter gave. */
export interface Compiled {
  /** What could be read back of the compiled program: instructions and demos; models are those of the request's state. */
  readonly state: ProgramState;
  /** What could not be, in sentences for people. */
  readonly lost: readonly string[];
  /** What it has read besides its sources. */
  readonly reads?: ProgramRun['reads'];
}

/** What a teleprompter asks for and reports while it compiles. */
export interface CompileWork {
  /**
   * Answers an LM call: of the program, of the metric, or of its own. Rejects like `CallLm`.
   */
  complete(asked: CompileCall): Promise<LmAnswer>;
  /** The program, in some state, is evaluated (`dspy.Evaluate`). */
  evaluationStarted(started: EvaluationStarted): void;
  evaluationFinished(finished: EvaluationFinished): void;
  /** The program was run on a row, and scored. */
  ran(run: CompileRun): void;
}

export interface CompileCall {
  readonly call: LmCall;
  /** The metric asks: never a tuned model. */
  readonly metric: boolean;
  /**
   * Which of several answers to the same call is meant: DSPy's `rollout_id`, and the k-th completion of `n`, or k-th time
   * of an LM without a cache. Equal calls with equal samples get one answer, as from DSPy's cache.
   */
  readonly sample: { readonly rolloutId: string | null; readonly repeat: number };
}

export interface EvaluationStarted {
  /** Its number, from 0. */
  readonly evaluation: number;
  readonly state: ProgramState;
  /** Rows that it takes. */
  readonly of: number;
}

export interface EvaluationFinished {
  readonly evaluation: number;
  /** The metric's mean over the rows, as the metric gives it; `null`: it did not come to its end. */
  readonly mean: number | null;
  /** Rows that were scored, and those of them that failed. */
  readonly scored: number;
  readonly failed: number;
}

export interface CompileRun {
  /** The evaluation that it belongs to; `null`: it was run for its trace. */
  readonly evaluation: number | null;
  /** `Example.id` */
  readonly row: number;
  readonly state: ProgramState;
  readonly outcome: ProgramOutcome;
}
