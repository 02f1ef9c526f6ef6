/** Optimizers that users write themselves: a kind of step of their own (docs/custom-optimizers.md). */
import type { Fields, JsonValue } from '../base/json.ts';
import type { ProgramState, SignatureDescription } from '../data/program.ts';

/** A predictor whose prompt may change. */
export interface OptimizedPredictor {
  /** Its name in `ProgramState.predictors`. */
  readonly name: string;
  readonly signature: SignatureDescription;
}

/** One training row. */
export interface OptimizerRow {
  /** What the program is called with. */
  readonly inputs: Fields;
  /** All fields of the row, inputs and labels: what the metric sees. */
  readonly fields: Fields;
}

/** What one run of the program on a row gave. */
export interface RowResult {
  readonly row: OptimizerRow;
  /** The metric's value; 0 where the run failed. */
  readonly score: number;
  /** The prediction; `null`: there is none. */
  readonly outputs: Fields | null;
  /** Why the run failed; `null`: it did not. */
  readonly error: string | null;
  /** What the metric said beside the score; `null`: nothing. */
  readonly feedback: string | null;
  /** The calls of the program's predictors, in the order they began; `outputs` is `null` where a call failed. */
  readonly calls: readonly { readonly predictor: string; readonly inputs: Fields; readonly outputs: Fields | null }[];
}

export interface Evaluation {
  /** Mean of the rows' scores, in per cent of the metric's range. */
  readonly score: number;
  /** In the order of the rows asked for. */
  readonly rows: readonly RowResult[];
}

export interface AskOptions {
  /** 0 to 2. Default 1. */
  readonly temperature?: number;
  /** Tokens of the answer at most. Default 1000. */
  readonly maxTokens?: number;
}

export interface AskMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** Facts of a candidate that the run's page shows; `name` is shown as its name. */
export type CandidateAbout = Readonly<Record<string, string | number | boolean | null>>;

/** What an optimizer works with. All data in it is frozen: make new states of old ones. */
export interface OptimizerTask<Settings> {
  /** The program as the step finds it. `model` of a predictor must stay as it is. */
  readonly state: ProgramState;
  /** The predictors that may change; the others are frozen. */
  readonly predictors: readonly OptimizedPredictor[];
  /** The training rows, in an order that the run's seed gives. */
  readonly rows: readonly OptimizerRow[];
  readonly settings: Settings;
  /** The run's. */
  readonly seed: number;
  /** A row is correct when its score is at least this. */
  readonly threshold: number;
  readonly metricRange: readonly [number, number];
  /** Aborts when the run is stopped. */
  readonly signal: AbortSignal;
  /** The next number of a generator that starts with the run's seed, from 0 to below 1. */
  random(): number;
  /**
   * Runs the program in `state` on rows of `rows`, several at once; each row counts as one of the step's `runs`. What was
   * run before, in this run or an earlier one, is remembered and not paid for again.
   */
  evaluate(state: ProgramState, rows: readonly OptimizerRow[]): Promise<Evaluation>;
  /** As `evaluate`, of a state that the run's page shows as a candidate. */
  candidate(state: ProgramState, rows: readonly OptimizerRow[], about?: CandidateAbout): Promise<Evaluation>;
  /**
   * Asks an LM: the program's own model, or the step's `lm`. Each question counts as one of the step's `calls`; the same
   * one asked again gets another answer, and the same answers when the run is repeated.
   *
   * @returns the answer's text.
   * @throws Error when this one question cannot be answered (it is too long, say).
   */
  ask(question: string | readonly AskMessage[], options?: AskOptions): Promise<string>;
}

/** Checks settings and fills in defaults, as a zod schema does. */
export interface SettingsSchema<Settings> {
  parse(settings: unknown): Settings;
}

export interface OptimizerDefinition<Settings> {
  /** A zod schema. Default: settings are given as they are written. */
  readonly settings?: SettingsSchema<Settings>;
  /** The step: resolves to the state that it ends in. */
  run(task: OptimizerTask<Settings>): ProgramState | Promise<ProgramState>;
}

/** See `brands.ts` for why this is a process-wide mark. */
export const optimizerBrand = Symbol.for('bettertogether.optimizer.1');

/** Made by `optimizer`. */
export interface Optimizer<Settings = unknown> extends OptimizerDefinition<Settings> {
  readonly [optimizerBrand]: true;
}

/**
 * A step of your own for strategies: `"steps": {"mine": {"kind": "custom", "optimizer": "optimizer.ts#brief", "runs": 40}}`.
 *
 * @example
 * export const brief = optimizer({
 *   async run({ state, rows, predictors, candidate }) {
 *     const shorter = withInstructions(state, predictors, (text) => `${text} Be brief.`);
 *     const [before, after] = await Promise.all([candidate(state, rows), candidate(shorter, rows)]);
 *     return after.score > before.score ? shorter : state;
 *   },
 * });
 */
export function optimizer<Settings = Readonly<Record<string, JsonValue>>>(
  definition: OptimizerDefinition<Settings>,
): Optimizer<Settings> {
  return { ...definition, [optimizerBrand]: true };
}

export function isOptimizer(value: unknown): value is Optimizer {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[optimizerBrand] === true;
}

/** The same state with other instructions for the predictors that may change. */
export function withInstructions(
  state: ProgramState,
  predictors: readonly OptimizedPredictor[],
  change: (instructions: string, predictor: OptimizedPredictor) => string,
): ProgramState {
  const changed = predictors.map((predictor) => {
    const before = state.predictors[predictor.name];
    if (before === undefined) throw new TypeError(`The state has no predictor "${predictor.name}".`);
    return [predictor.name, { ...before, instructions: change(before.instructions, predictor) }] as const;
  });
  return { predictors: { ...state.predictors, ...Object.fromEntries(changed) } };
}
