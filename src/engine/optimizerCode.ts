/** Users' own optimizers, as the engine runs them: code in a process of its own. */
import type { Fields, JsonValue } from '../base/json.ts';
import type { Example, PredictorDescription, ProgramState } from '../data/program.ts';
import type { Question } from './ask.ts';
import type { ProgramRun } from './interfaces.ts';

/** An optimizer that was loaded once, so that its errors are found before anything is paid for. */
export interface OptimizerCode {
  /** Content hash of its sources and of what runs them. */
  readonly hash: string;
  /**
   * Runs it from the start, in a process of its own; what it asks for goes to `work`.
   *
   * @throws HumanError naming `file#name` where it throws, loops or ends its process; the reason where `signal` aborts.
   */
  run(request: CodeRequest, work: CodeWork, signal: AbortSignal): Promise<CodeResult>;
}

export interface CodeResult {
  /** What it returned, unchecked. */
  readonly returned: unknown;
  /** What it has read besides its sources. */
  readonly reads?: ProgramRun['reads'];
}

/** What an optimizer of a user's is given. */
export interface CodeRequest {
  readonly state: ProgramState;
  /** The predictors whose prompts it may change. */
  readonly predictors: readonly PredictorDescription[];
  /** The training rows, in the order of the step's shuffle. */
  readonly rows: readonly Example[];
  readonly settings: Readonly<Record<string, JsonValue>>;
  readonly seed: number;
  /** A row is correct when its score is at least this. */
  readonly threshold: number;
  readonly metricRange: readonly [number, number];
}

/** What it asks for while it runs. */
export interface CodeWork {
  /** Runs the program in a state on rows. */
  evaluate(asked: CodeEvaluation): Promise<CodeScores>;
  /** Asks an LM; resolves to the text of its answer. @throws as `Ask`. */
  ask(question: Question): Promise<string>;
}

export interface CodeEvaluation {
  /** As the user's code made it: unchecked. */
  readonly state: unknown;
  /** Places in `CodeRequest.rows`, from 0. */
  readonly rows: readonly number[];
  /** Given: the state is a candidate, which the run's record shows with these facts. */
  readonly about?: Readonly<Record<string, string | number | boolean | null>>;
}

export interface CodeScores {
  /** Per cent of the metric's range. */
  readonly score: number;
  /** In the order asked for. */
  readonly rows: readonly CodeRow[];
}

/** What one run of the program gave. */
export interface CodeRow {
  /** The metric's value; 0 where the run failed. */
  readonly score: number;
  /** The prediction; `null`: there is none. */
  readonly outputs: Fields | null;
  /** Why the run failed; `null`: it did not. */
  readonly error: string | null;
  /** What the metric said beside the score; `null`: nothing. */
  readonly feedback: string | null;
  /** The calls of its predictors, in the order they began. */
  readonly calls: readonly {
    readonly predictor: string;
    readonly inputs: Fields;
    /** `null`: the call failed. */
    readonly outputs: Fields | null;
  }[];
}
