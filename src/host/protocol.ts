/**
 * What the run process and a program host say to each other, as JSON-RPC (vscode-jsonrpc framing) over the host's
 * own pipe. Written for a Node and a Python host alike: plain data, no functions, no language's types.
 */
import * as z from 'zod';
import { NotificationType, RequestType } from 'vscode-jsonrpc/node';
import type { Immutable } from '../base/immutable.ts';
import type { Fields } from '../base/json.ts';
import { fieldsSchema } from '../data/fields.ts';
import type { LmAnswer, LmCall } from '../data/lm.ts';
import type { PredictorState, ProgramDescription, ProgramState } from '../data/program.ts';
import { programStateSchema } from '../data/program.ts';
import { readSchema } from '../data/reads.ts';
import type { ProgramOutcome, TrainingRow } from '../data/trace.ts';
import { programOutcomeSchema } from '../data/trace.ts';
import type { Question } from '../engine/ask.ts';
import type { CodeEvaluation, CodeRequest, CodeScores } from '../engine/optimizerCode.ts';
import { formatNames } from '../program/formats/registry.ts';

export const hostProtocolVersion = 2;

/** A notebook that code is named in: its cells, and the names that are needed of them. */
export const givenNotebookSchema = z.object({
  /** Absolute path. */
  file: z.string(),
  kind: z.enum(['jupyter', 'marimo']),
  names: z.array(z.string()).readonly(),
  /** `NotebookText`: `places` as cell and line of each line of `text`. */
  text: z.string(),
  places: z.array(z.tuple([z.number(), z.number()]).readonly()).readonly(),
  leftOut: z
    .array(
      z.object({
        cell: z.number(),
        line: z.number(),
        why: z.string(),
        binds: z.array(z.string()).readonly().exactOptional(),
        writes: z.string().exactOptional(),
      }),
    )
    .readonly(),
});
export type GivenNotebook = z.infer<typeof givenNotebookSchema>;

/** Parsing takes what belongs to it out of a host's options. */
export const initializeSchema = z.object({
  protocol: z.literal(hostProtocolVersion),
  /** Absolute path: relative paths in `program` and `metric` start here. */
  workspace: z.string(),
  /** `file#export`: a class, a factory or an instance. */
  program: z.string(),
  /** A built-in metric with its field, such as `exactMatch:answer`, or `file#function`. */
  metric: z.string(),
  /** The prompt format of a TypeScript program; a DSPy program keeps its own. */
  adapter: z.enum(formatNames),
  guided: z.enum(['auto', 'off']),
  frozen: z.array(z.string()),
  /** Answers LM calls of a Python program that belong to none of its predictors (a judge of its own); never tuned. */
  model: z.string().optional(),
  /** Where the run's endpoint is, for Python: an LM of the program's that names this address is one of the endpoint. */
  baseURL: z.string().optional(),
  /** Other endpoints that LMs of a Python program's own may be asked at, by name: `LmCall.endpoint`. */
  services: z.array(z.object({ name: z.string(), baseURL: z.string() })).optional(),
  metricRange: z.tuple([z.number(), z.number()]),
  /**
   * Rows that Python code made whose very objects the host must have, as it loads them itself: by data set
   * (`file.py#name`) and number from 0, their content hashes (`DatasetRow`).
   */
  rows: z.record(z.string(), z.record(z.string(), z.string())).optional(),
  /** Those among the files of `program`, `metric` and `rows` that are notebooks; of the Python host alone. */
  notebooks: z.array(givenNotebookSchema).readonly().optional(),
});
export type InitializeParams = z.infer<typeof initializeSchema>;

/** Loads program and metric. Fails with `HostErrorData` when the user's code cannot be loaded. */
export const initializeRequest = new RequestType<InitializeParams, ProgramDescription, HostErrorData>('initialize');

/**
 * Data sets built in code, each `file.py#name`, or `file.ts#name` for the Node host; asked of a host that is not
 * initialized. Fails with `HostErrorData`.
 */
export interface ReadDatasetsParams {
  /** As in `InitializeParams`. */
  readonly workspace: string;
  readonly datasets: readonly string[];
  /** Those among the files of `datasets` that are notebooks. */
  readonly notebooks?: readonly GivenNotebook[];
}
export interface DatasetRow {
  readonly fields: Fields;
  /** What the row's author marked as inputs (`with_inputs`). */
  readonly inputs?: readonly string[];
  /** Content hash of a row with values that only the objects themselves can represent: its fields name it. */
  readonly hash?: string;
  /** In its place, of a row of its author's own class whose fields are all plain. A host can do without that class. */
  readonly classHash?: string;
}
export const readDatasetsRequest = new RequestType<
  ReadDatasetsParams,
  readonly (readonly DatasetRow[])[],
  HostErrorData
>('dataset/read');

/**
 * What is gathered of notebooks for a run, with none of it run; asked of a host that is not initialized. Fails with
 * `HostErrorData`.
 */
export interface GatherParams {
  /** As in `InitializeParams`. */
  readonly workspace: string;
  readonly notebooks: readonly GivenNotebook[];
}
export const gatheredNotebookSchema = z.object({
  /** As given. */
  notebook: z.string(),
  /** Where its module lies once a run has loaded it. */
  file: z.string(),
  /** The module: statements of the cells, each headed by its place. */
  text: z.string(),
  /** Where each statement begins, and how many lines it has. */
  statements: z.array(z.object({ cell: z.number(), line: z.number(), lines: z.number() })),
  leftOut: z.array(z.object({ cell: z.number(), line: z.number(), why: z.string() })),
  /** What people should know: a name that several cells bind. */
  notes: z.array(z.string()),
});
export type GatheredNotebook = Immutable<z.infer<typeof gatheredNotebookSchema>>;
export const gatherRequest = new RequestType<GatherParams, readonly GatheredNotebook[], HostErrorData>(
  'notebook/gather',
);

/** How many states a host keeps: when one more comes, both sides forget the one that was put first. */
export const statesKept = 256;

/** A state travels once; runs name it by content hash. The host keeps the last `statesKept` and asks again for none. */
export interface PutStateParams {
  readonly hash: string;
  readonly state: ProgramState;
}
export const putStateNotification = new NotificationType<PutStateParams>('state/put');

export interface RunParams {
  /** Unique per run; LM calls name it. */
  readonly run: number;
  readonly state: string;
  readonly example: number;
  readonly inputs: Fields;
  readonly fields: Fields;
  /** See `Example.made`. */
  readonly made?: true;
  readonly collecting: boolean;
  /** See `RunRequest.feedbackFor`. */
  readonly feedbackFor?: string;
}
/** Answers with an outcome even when the user's code throws. Cancelled by `$/cancelRequest`. */
export const runRequest = new RequestType<RunParams, ProgramOutcome, HostErrorData>('run');

export interface RenderRowsParams {
  readonly rows: readonly {
    readonly predictor: string;
    readonly state: PredictorState;
    readonly inputs: Fields;
    readonly outputs: Fields;
  }[];
}
export const renderRowsRequest = new RequestType<RenderRowsParams, readonly TrainingRow[], HostErrorData>(
  'rows/render',
);

/** The final prompt of one call of a predictor, with its settings: as it would be asked, without asking. */
export interface RenderPromptParams {
  readonly predictor: string;
  readonly state: PredictorState;
  readonly inputs: Fields;
}
export const renderPromptRequest = new RequestType<RenderPromptParams, LmCall, HostErrorData>('prompt/render');

/** From the host: an LM call of the user's program (or metric) within run `run`. */
export interface CompleteParams {
  readonly run: number;
  readonly call: LmCall;
  /** The metric asks: the run process answers with the untuned base model. */
  readonly metric: boolean;
  /** While a teleprompter compiles: see `CompileCall.sample`. Left out: that of no rollout, the first. */
  readonly sample?: { readonly rolloutId: string | null; readonly repeat: number };
}
export const completeRequest = new RequestType<CompleteParams, LmAnswer, LmErrorData>('lm/complete');

/** Things that a host reports; if a process read more, what its runs depend on is not reported. */
export const mostReads = 10_000;

/**
 * From the host: what the process has read since it last sent, before the answer to the run (or the loading) that may
 * depend on it. What one run read, a later one may have in memory, so it counts for all runs that end after it.
 */
export const readsSchema = z.object({
  /** One with the path of an earlier one of its kind takes its place. */
  reads: z.array(readSchema).max(mostReads),
  /** Paths that the program wrote itself: what was read there is no dependency. */
  written: z.array(z.string()).max(mostReads),
  /** Why it is not known any more what runs depend on: a sentence for people. */
  unclear: z.string().exactOptional(),
});
export type ReadsParams = z.infer<typeof readsSchema>;
export const readsNotification = new NotificationType<ReadsParams>('reads');

/** From the host, as the last thing it says: why it ends itself. A sentence for people. */
export const endingSchema = z.object({ reason: z.string() });
export type EndingParams = z.infer<typeof endingSchema>;
export const endingNotification = new NotificationType<EndingParams>('ending');

/** From the host: something user code printed. */
export interface LogParams {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}
export const logNotification = new NotificationType<LogParams>('log');

/**
 * Loads a user's own optimizer, in a host that is not initialized, and checks settings that it will be given. Fails with
 * `HostErrorData`. Of the Node host alone.
 */
export const loadOptimizerSchema = z.object({
  protocol: z.literal(hostProtocolVersion),
  /** As in `InitializeParams`. */
  workspace: z.string(),
  /** `file#export` */
  optimizer: z.string(),
  settings: z.array(fieldsSchema),
});
export type LoadOptimizerParams = Immutable<z.infer<typeof loadOptimizerSchema>>;
export const loadedOptimizerSchema = z.object({
  /** As `ProgramDescription.runtime` and `sources`. */
  runtime: z.string(),
  sources: z.record(z.string(), z.string()),
});
export type LoadedOptimizer = z.infer<typeof loadedOptimizerSchema>;
export const loadOptimizerRequest = new RequestType<LoadOptimizerParams, LoadedOptimizer, HostErrorData>(
  'optimizer/load',
);

/** Runs the optimizer that was loaded; answers with the state that it returned. Cancelled by `$/cancelRequest`. */
export const optimizeRequest = new RequestType<CodeRequest, unknown, HostErrorData>('optimizer/run');

/** From the host: the optimizer wants a state scored. */
export const evaluateRequest = new RequestType<CodeEvaluation, CodeScores, LmErrorData>('optimizer/evaluate');

/** From the host: the optimizer asks an LM; answered with the text. */
export const askRequest = new RequestType<Question, string, LmErrorData>('optimizer/ask');

/**
 * Calls a function of the workspace that makes a teleprompter, checks what it makes and the arguments that its `compile`
 * will be given, and throws it away. Asked of an initialized Python host. Fails with `HostErrorData`.
 */
export const loadTeleprompterSchema = z.object({
  /** `file#function` */
  optimizer: z.string(),
  /** All arguments that its `compile` will be given, besides program and rows. */
  arguments: z.array(fieldsSchema),
});
export type LoadTeleprompterParams = Immutable<z.infer<typeof loadTeleprompterSchema>>;
export const loadedTeleprompterSchema = z.object({
  /** Its class: `SIMBA`. */
  name: z.string(),
  takesTrain: z.boolean(),
  takesValidation: z.boolean(),
  /** As `ProgramDescription.sources`, those of its own file and what that imports. */
  sources: z.record(z.string(), z.string()),
});
export type LoadedTeleprompter = z.infer<typeof loadedTeleprompterSchema>;
export const loadTeleprompterRequest = new RequestType<LoadTeleprompterParams, LoadedTeleprompter, HostErrorData>(
  'teleprompter/load',
);

/** Rows as in `RunParams`; `row` is `Example.id`. */
interface CompileRow {
  readonly row: number;
  readonly inputs: Fields;
  readonly fields: Fields;
  readonly made?: true;
}

/**
 * Makes the teleprompter and compiles the program in a state that was put. Cancelled by `$/cancelRequest`. Its LM calls
 * are `lm/complete` with the number of this request's `run`, and a `sample`.
 */
export interface CompileParams {
  readonly run: number;
  readonly optimizer: string;
  readonly state: string;
  readonly train: readonly CompileRow[];
  readonly validation: readonly CompileRow[];
  readonly arguments: Fields;
  readonly seed: number;
  readonly threads: number;
}
export const compiledSchema = z.object({
  state: programStateSchema,
  /** What of the compiled program a state does not hold, in sentences for people. */
  lost: z.array(z.string()),
});
export const compileRequest = new RequestType<CompileParams, z.infer<typeof compiledSchema>, HostErrorData>(
  'teleprompter/compile',
);

/** From the host: a state that messages after this one name by `key`. */
export const compileStateSchema = z.object({ key: z.number(), state: programStateSchema });
export const compileStateNotification = new NotificationType<z.infer<typeof compileStateSchema>>('teleprompter/state');

/** From the host: an evaluation of the program begins (`dspy.Evaluate`). */
export const evaluationStartedSchema = z.object({ evaluation: z.number(), state: z.number(), of: z.number() });
export const evaluationStartedNotification = new NotificationType<z.infer<typeof evaluationStartedSchema>>(
  'teleprompter/evaluationStarted',
);

/** From the host: it is over. */
export const evaluationFinishedSchema = z.object({
  evaluation: z.number(),
  /** As the metric gives it; `null`: it did not come to its end. */
  mean: z.number().nullable(),
  scored: z.number(),
  failed: z.number(),
});
export const evaluationFinishedNotification = new NotificationType<z.infer<typeof evaluationFinishedSchema>>(
  'teleprompter/evaluationFinished',
);

/** From the host: the program was run on a row, and scored. */
export const compileRunSchema = z.object({
  evaluation: z.number().nullable(),
  row: z.number(),
  state: z.number(),
  outcome: programOutcomeSchema.omit({ untraced: true }),
});
export const compileRunNotification = new NotificationType<z.infer<typeof compileRunSchema>>('teleprompter/ran');

/** Liveness: a host whose event loop is blocked by an endless loop does not answer. Says what CPU it used so far. */
export const pingRequest = new RequestType<Record<string, never>, { readonly cpuSeconds: number }, void>('ping');

export const shutdownNotification = new NotificationType<Record<string, never>>('shutdown');

/** Attached to any failed request to a host: whose fault, and where. `program`: the user's code or input. */
export interface HostErrorData {
  readonly kind: 'load' | 'program' | 'metric' | 'range' | 'internal';
  readonly file?: string;
  readonly line?: number;
  /** Of a notebook: `line` is the cell's then. */
  readonly cell?: number;
  readonly stack?: string;
}

/** Attached to a failed `lm/complete`, `optimizer/ask` or `optimizer/evaluate`: `rejected` concerns this call alone, `stop` ends the run for user code too. */
export interface LmErrorData {
  readonly kind: 'rejected' | 'stop';
}
