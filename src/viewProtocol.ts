/**
 * What the run view (`webview/`) and its host (`src/page`) say to each other. Both check what arrives: the
 * webview must not trust what a file on the disk says, the host must not trust a page that shows model output.
 *
 * A view that is hidden gets no messages, so what the host sends unasked is always the whole picture, never a change.
 */
import * as z from 'zod';
import { comparisonSchema } from './comparison.ts';
import { fieldsSchema } from './data/fields.ts';
import type { Immutable } from './base/immutable.ts';
import { lmRecordSchema } from './data/lm.ts';
import { programStateSchema } from './data/program.ts';
import { programOutcomeSchema, traceCallSchema, userCodeErrorSchema } from './data/trace.ts';
import { purposeSchema as purpose, scoreSchema, stopReasonSchema, usageSchema } from './protocol.ts';
import { activitySchema } from './view/activity.ts';
import { candidateViewSchema } from './view/candidate.ts';
import { runVerdictSchema } from './view/gain.ts';
import { grades } from './view/grade.ts';
import { jobViewSchema } from './view/job.ts';
import { runRowSchema, tableActs } from './view/runRow.ts';
import { runPictureSchema, stepViewSchema } from './view/runView.ts';

/** Values are looked at without the tags that carry them. */
export { shownValue } from './base/exact.ts';
export { pairedDifference } from './data/pairedDifference.ts';
export type { JsonValue } from './base/json.ts';
export type { Retrieval as RetrievalRow } from './data/trace.ts';
export type { StepInfo } from './protocol.ts';

const count = z.number().int().nonnegative();

/** How far a run was when something came about. */
const placeSchema = z.object({
  /** That were paid for. */
  calls: z.number(),
  /** `null`: no price is known. */
  usd: z.number().nullable(),
  /** Of work: see `worked`. */
  seconds: z.number(),
});
export type Place = Immutable<z.infer<typeof placeSchema>>;

/** `null`: not there yet. */
const courseSchema = z.object({
  began: placeSchema.nullable(),
  ended: placeSchema.nullable(),
  /** Its result was scored. */
  dev: placeSchema.nullable(),
  test: placeSchema.nullable(),
});
export type StepCourse = Immutable<z.infer<typeof courseSchema>>;

const candidateSchema = candidateViewSchema.extend({
  /** What it is, in the words of its optimizer: in a word or two, in one line, and by column. */
  name: z.string(),
  brief: z.string(),
  facts: z.array(z.object({ label: z.string(), text: z.string() })),
  /** Where it was finished; `null`: it is not. */
  at: placeSchema.nullable(),
});
export type CandidateRow = Immutable<z.infer<typeof candidateSchema>>;

const jobSchema = jobViewSchema.extend({
  /** Training step and loss, in order of step; thinned out where there are very many. */
  curve: z.array(z.tuple([z.number(), z.number()])),
  /** The latest, oldest first. */
  events: z.array(z.object({ time: z.string(), message: z.string() })),
});
export type JobRow = Immutable<z.infer<typeof jobSchema>>;

/** A step of the common picture, with what its optimizer says of candidates and what became of its job. */
const stepSchema = stepViewSchema.extend({
  activity: activitySchema.nullable(),
  candidates: z.array(candidateSchema),
  course: courseSchema,
  job: jobSchema.nullable(),
});
export type StepRow = Immutable<z.infer<typeof stepSchema>>;

/**
 * What a person does with the run from its page. The host takes the names of these and nothing else with them: which run
 * it is it knows itself, and the command of the editor that stands behind each asks the person what there is to ask.
 */
export const actSchema = z.enum(['cancel', 'resume', 'prompts', 'compare', 'report', 'export']);
export type Act = z.infer<typeof actSchema>;

/** The whole picture of a run, but its rows, traces and states, which are asked for. */
export const snapshotSchema = runPictureSchema.extend({
  type: z.literal('snapshot'),
  run: z.string(),
  status: z.enum(['running', 'finished', 'stopped', 'crashed']),
  /** False while the log is being read for the first time. */
  complete: z.boolean(),
  /** Counts up with every change: what was asked for earlier may be out of date. */
  version: z.number(),
  asked: z.object({
    program: z.string(),
    strategy: z.string(),
    /** What the run began with, by a name for people; `null`: the program as it was written. */
    from: z.string().nullable(),
    seed: z.number(),
    model: z.string(),
    endpoint: z.string(),
    metric: z.string(),
    /** From this score on (0…1) a row counts as right. */
    threshold: z.number(),
    budget: z.object({
      calls: z.number().nullable(),
      tokens: z.number().nullable(),
      usd: z.number().nullable(),
    }),
  }),
  splits: z.object({ train: z.number(), dev: z.number(), test: z.number().nullable() }).nullable(),
  stopped: z.object({ reason: stopReasonSchema, message: z.string() }).nullable(),
  /** Keys of steps. `null`: not decided yet. */
  best: z.string().nullable(),
  final: z.string().nullable(),
  /** Whether the best state is really better than the baseline; `null`: nothing can be said yet. */
  verdict: runVerdictSchema.nullable(),
  steps: z.array(stepSchema),
  /** What the person called the run and wrote about it; `null`: nothing. */
  name: z.string().nullable(),
  note: z.string().nullable(),
  /** What can be done with it now, in the order of the buttons. */
  acts: z.array(actSchema),
  /** Why part of the run cannot be shown. */
  problem: z.string().nullable(),
});
export type Snapshot = Immutable<z.infer<typeof snapshotSchema>>;

const comparedRunSchema = z.object({
  run: z.string(),
  /** As people call it. */
  name: z.string(),
  program: z.string(),
  status: z.enum(['running', 'finished', 'stopped', 'crashed']),
  strategy: z.string(),
  /** As `asked.from` of a snapshot. */
  from: z.string().nullable(),
  seed: z.number(),
  model: z.string(),
  endpoint: z.string(),
  usage: usageSchema,
  seconds: z.number().nullable(),
  best: z.string().nullable(),
  final: z.string().nullable(),
  /** Steps with a score, in order. */
  steps: z.array(z.object({ prefix: z.string(), dev: scoreSchema.nullable(), test: scoreSchema.nullable() })),
  /** Why its scores answer another question than those of the first run: other rows, another metric. */
  unlike: z.object({ dev: z.string().nullable(), test: z.string().nullable() }),
});
export type ComparedRun = z.infer<typeof comparedRunSchema>;

/** The whole picture of runs side by side. */
const sideBySideSchema = z.object({
  type: z.literal('sideBySide'),
  title: z.string(),
  complete: z.boolean(),
  version: z.number(),
  metric: z.string(),
  threshold: z.number(),
  hasTest: z.boolean(),
  runs: z.array(comparedRunSchema),
  /** The comparison that the runs are the cells of; `null`: a user chose the runs. */
  record: comparisonSchema.nullable(),
  /** Why part of it cannot be shown. */
  problem: z.string().nullable(),
});
export type SideBySide = z.infer<typeof sideBySideSchema>;

/** The whole picture of the table of all runs, oldest first. */
const runTableSchema = z.object({ type: z.literal('runTable'), rows: z.array(runRowSchema) });
export type RunTable = Immutable<z.infer<typeof runTableSchema>>;

/** Which program runs are meant; what is not given is not asked about. */
const traceFilterSchema = z.object({
  step: z.string().optional(),
  purpose: purpose.optional(),
  candidate: z.number().optional(),
  example: z.number().optional(),
});
export type TraceFilter = z.infer<typeof traceFilterSchema>;

/** How a program run came out, as far as the list can be restricted to it; `slow`: of the slowest twentieth. */
export const traceOutcomes = [...grades, 'slow'] as const;
/** Which program runs to list. */
export const listedTracesSchema = traceFilterSchema.extend({
  outcome: z.enum(traceOutcomes).optional(),
  /** Looked for in inputs, outputs and predictions, and in what a metric or an error said; whatever the case. */
  text: z.string().max(1000).optional(),
});
export type ListedTraces = z.infer<typeof listedTracesSchema>;

export const traceOrders = ['made', 'score', 'tokens', 'seconds'] as const;
/** `made`: in the order in which they ended. What is not known comes last, whatever the direction. */
export const traceSortSchema = z.object({ by: z.enum(traceOrders), descending: z.boolean() });
export type TraceSort = z.infer<typeof traceSortSchema>;

const page = { from: count, count: count.max(500) };
const split = z.enum(['dev', 'test']);
/** The step that ends in the state, '' is the program as it was written; or a candidate (`candidateState`). */
const stateName = z.string();
/** The name of the state that a candidate of a step was, from 0. No step has a `#` in its name. */
export const candidateState = (step: string, candidate: number): string => `${step}#${candidate}`;
/** Numbers of rows, from 0. */
const rowNumbers = z.array(count).max(100);
const callPlace = { trace: count, call: count, request: count };

/**
 * What the view of a run may ask. Reading, and opening what the run itself names, runs and sends nothing; `act` alone has
 * effects, those of the editor's own commands, under their own conditions.
 */
export const runAskSchema = z.discriminatedUnion('ask', [
  z.object({ ask: z.literal('examples'), split }),
  z.object({ ask: z.literal('example'), split: z.enum(['train', 'dev', 'test']), example: z.number() }),
  /** What the program gave on these rows in each step: rows in sight, not all there are. */
  z.object({ ask: z.literal('predictions'), split, rows: rowNumbers }),
  /** How often which label was given which prediction in a step. */
  z.object({ ask: z.literal('confusion'), split, step: z.string() }),
  z.object({ ask: z.literal('traces'), filter: listedTracesSchema, sort: traceSortSchema, ...page }),
  z.object({ ask: z.literal('trace'), trace: count }),
  z.object({ ask: z.literal('findTrace'), filter: traceFilterSchema }),
  z.object({ ask: z.literal('messages'), keys: z.array(z.string()).max(200) }),
  /** With the states of the candidates that are named; of all others it says only that they are there. */
  z.object({ ask: z.literal('states'), candidates: z.array(stateName).max(2) }),
  /** How the candidates of a step stand to each other, row by row. */
  z.object({ ask: z.literal('standing'), step: z.string() }),
  z.object({ ask: z.literal('front'), step: z.string() }),
  z.object({ ask: z.literal('changes'), before: stateName, after: stateName }),
  z.object({ ask: z.literal('sentPrompts'), state: stateName }),
  z.object({ ask: z.literal('trainingRows'), step: z.string(), ...page }),
  /** What the calls of each predictor took. */
  z.object({ ask: z.literal('costs') }),
  /** Of a job that was taken from the memo: the run that trained it, and how that went. */
  z.object({ ask: z.literal('trainedBy'), step: z.string() }),
  z.object({ ask: z.literal('openTrainingRun'), step: z.string() }),
  z.object({ ask: z.literal('openDiff'), left: stateName, right: stateName, predictor: z.string().nullable() }),
  z.object({ ask: z.literal('openSource'), predictor: z.string() }),
  z.object({ ask: z.literal('copyCurl'), ...callPlace }),
  z.object({ ask: z.literal('act'), act: actSchema }),
  /** Puts a trace, as it was recorded, or a row with what came of it into the clipboard, as JSON. */
  z.object({ ask: z.literal('copyTrace'), trace: count }),
  z.object({ ask: z.literal('copyRow'), split, example: count }),
  /** Opens a file that an error names; the host looks whether it is one of the folder that the run belongs to. */
  z.object({
    ask: z.literal('openFile'),
    file: z.string().max(4096),
    line: z.int().positive(),
    cell: z.int().positive().optional(),
  }),
]);
export type RunAsk = z.infer<typeof runAskSchema>;

/** A state of one of the runs that are compared: the run's id, and the step that ends in it. */
const subjectSchema = z.object({ run: z.string(), step: z.string() });
export type Subject = z.infer<typeof subjectSchema>;
const subjects = z.array(subjectSchema).min(1).max(20);

/** What the view of a comparison may ask. */
export const comparisonAskSchema = z.discriminatedUnion('ask', [
  z.object({ ask: z.literal('compared'), split, subjects }),
  z.object({ ask: z.literal('comparedPredictions'), split, subjects, rows: rowNumbers }),
  /** Opens the view of a run, at the trace of a row where one is given. */
  z.object({
    ask: z.literal('openRun'),
    run: z.string(),
    row: z.object({ step: z.string(), split, example: z.number() }).nullable(),
  }),
]);
export type ComparisonAsk = z.infer<typeof comparisonAskSchema>;

/** Rows of the table, by their key. */
const listed = z.array(z.string()).min(1).max(100_000);

/**
 * What the table of all runs may ask. The host takes keys of rows that it sent, and the name of an act: the command of the
 * editor that stands behind it asks the person what there is to ask.
 */
export const runTableAskSchema = z.discriminatedUnion('ask', [
  z.object({ ask: z.literal('openListed'), runs: listed.max(1) }),
  z.object({ ask: z.literal('actOnListed'), act: z.enum(tableActs), runs: listed }),
  /** Puts their numbers into the clipboard, in this order, as CSV. */
  z.object({ ask: z.literal('copyNumbers'), runs: listed }),
]);
export type RunTableAsk = z.infer<typeof runTableAskSchema>;

const askSchema = z.union([runAskSchema, comparisonAskSchema, runTableAskSchema]);
export type Ask = z.infer<typeof askSchema>;

export const toHostSchema = z.discriminatedUnion('type', [
  /** The page can receive: nothing is sent before. */
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('request'), id: z.number(), body: askSchema }),
  /** Something in the page went wrong; for the log. */
  z.object({ type: z.literal('error'), message: z.string().max(10_000) }),
]);
export type ToHost = z.infer<typeof toHostSchema>;

export const toViewSchema = z.discriminatedUnion('type', [
  snapshotSchema,
  sideBySideSchema,
  runTableSchema,
  /** Somebody opened the run's view at a row. */
  z.object({ type: z.literal('show'), step: z.string(), split, example: z.number() }),
  z.object({ type: z.literal('reply'), id: z.number(), value: z.unknown() }),
  /** `message` is for people. */
  z.object({ type: z.literal('refused'), id: z.number(), message: z.string() }),
]);
export type ToView = Snapshot | RunTable | Exclude<z.infer<typeof toViewSchema>, { type: 'snapshot' | 'runTable' }>;

const exampleRowSchema = z.object({
  example: z.number(),
  /** The inputs in one line, shortened. */
  preview: z.string(),
  /** By column; `null`: not scored in that step. */
  scores: z.array(z.number().nullable()),
  /** By column: the program run failed. */
  failed: z.array(z.boolean()),
});
export type ExampleRow = z.infer<typeof exampleRowSchema>;

const shownFieldSchema = z.object({
  field: z.string(),
  /** In one line, shortened. */
  text: z.string(),
});
export type ShownField = z.infer<typeof shownFieldSchema>;

const predictionSchema = z.object({
  trace: count,
  /** Those that the row has a label for; where it has none, all that the program gave. */
  fields: z.array(shownFieldSchema.extend({ differs: z.boolean() })),
});
export type PredictionView = z.infer<typeof predictionSchema>;

const predictionRowSchema = z.object({
  example: count,
  labels: z.array(shownFieldSchema),
  /** By column; `null`: there is no trace, or the program gave nothing. */
  predictions: z.array(predictionSchema.nullable()),
});
export type PredictionRow = z.infer<typeof predictionRowSchema>;

const confusionFieldSchema = z.object({
  field: z.string(),
  /** The labels, then what was predicted most often beside them. */
  values: z.array(z.string()),
  /** Rows, the place of their label in `values`, and of what was predicted; −1: another value, `null`: none. */
  rows: z.array(z.tuple([count, count, z.int().min(-1).nullable()])),
});
export type ConfusionField = z.infer<typeof confusionFieldSchema>;

const frontRowSchema = exampleRowSchema.extend({
  /** The best score of any candidate of the step. */
  best: z.number(),
});
export type FrontRow = z.infer<typeof frontRowSchema>;

const standingSchema = z.object({
  candidate: count,
  /** On how many rows no other has a better score. */
  bestOn: count,
  /** Predictors that are other ones in its first parent; `null`: it has none, or the states were not kept. */
  changed: z.array(z.string()).nullable(),
});
export type Standing = z.infer<typeof standingSchema>;

const changeSchema = z.object({
  predictor: z.string(),
  /** Its instructions; `null`: there is no such predictor. */
  before: z.string().nullable(),
  after: z.string().nullable(),
  /** What is other than the instructions. */
  demos: z.boolean(),
  model: z.boolean(),
});
export type Change = z.infer<typeof changeSchema>;

const sentCallSchema = z.object({
  predictor: z.string(),
  /** The place of the call in the trace, and the key of its first request in the memo. */
  call: count,
  key: z.string(),
});

const traceRowSchema = z.object({
  trace: count,
  step: z.string(),
  candidate: z.number().nullable(),
  purpose,
  example: z.number(),
  round: z.number(),
  /** `null`: it is not in the log yet. */
  score: z.number().nullable(),
  seconds: z.number().nullable(),
  cached: z.boolean(),
  error: z.string().nullable(),
  /**
   * What the program was asked, in one line, shortened, what the metric said, and the tokens of all requests; `null`:
   * nothing, or the record is too long to be looked into.
   */
  input: z.string().nullable(),
  feedback: z.string().nullable(),
  tokens: z.number().nullable(),
});
export type TraceRow = z.infer<typeof traceRowSchema>;

// A trace of another version may have words that this one does not know; of the rest nothing is looser.
const requestRowSchema = lmRecordSchema.extend({ finishReason: z.string() });
export type RequestRow = z.infer<typeof requestRowSchema>;

const callRowSchema = traceCallSchema.extend({ lm: z.array(requestRowSchema) });
export type TraceCallRow = z.infer<typeof callRowSchema>;

/** A record of the trace store. */
export const traceRecordSchema = z.object({
  step: z.string(),
  candidate: z.number().nullable(),
  purpose,
  example: z.number(),
  round: z.number(),
  state: z.string(),
  outcome: programOutcomeSchema.omit({ untraced: true }).extend({
    error: userCodeErrorSchema.extend({ kind: z.string() }).exactOptional(),
    trace: z.array(callRowSchema),
  }),
});
export type TraceView = z.infer<typeof traceRecordSchema>;

const messageSchema = z.object({ role: z.string(), content: z.string() });

const rememberedSchema = z.object({
  key: z.string(),
  /** `null`: the memo does not hold it any more (it was pruned, or is of another version). */
  body: z
    .object({
      path: z.string(),
      messages: z.array(messageSchema),
      /** The other parts of the request body: model, sampling, guide. */
      settings: fieldsSchema,
      completion: z.string().nullable(),
      whyNoText: z.string().nullable(),
    })
    .nullable(),
});
export type Remembered = z.infer<typeof rememberedSchema>;

const predictorInfoSchema = z.object({
  name: z.string(),
  inputs: z.array(z.string()),
  outputs: z.array(z.string()),
  frozen: z.boolean(),
});

const stateRowSchema = z.object({
  name: stateName,
  state: programStateSchema,
});
export type StateRow = z.infer<typeof stateRowSchema>;

/** A candidate whose state the run kept. */
const keptCandidateSchema = z.object({
  name: stateName,
  step: z.string(),
  /** From 0. */
  candidate: count,
  /** How it came out: `chosen, 61.3 %`, `stopped early after 10 rows`. */
  note: z.string(),
});
export type KeptCandidate = z.infer<typeof keptCandidateSchema>;

const trainingRowSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('row'),
    /** `null`: the file does not say. */
    predictor: z.string().nullable(),
    prompt: z.array(messageSchema),
    /** What the prompt opens the answer with, which is not trained on; '' where the file does not keep it apart. */
    opened: z.string(),
    completion: z.string(),
    /** What ends the answer, if not the chat template's own end. */
    end: z.string().nullable(),
    /** Of a pair: the answer that the completion is preferred to, with the same prefix and end. */
    rejected: z.string().exactOptional(),
    /** The completion's reward minus the mean of its group. */
    advantage: z.number().exactOptional(),
  }),
  /** A line in a layout that the page does not know. */
  z.object({ kind: z.literal('unknown'), line: z.string() }),
]);
export type TrainingRowView = z.infer<typeof trainingRowSchema>;

/** What each question is answered with. */
export const answerSchemas = {
  examples: z.object({
    /** Steps, in order; the columns of the scores. */
    columns: z.array(z.string()),
    rows: z.array(exampleRowSchema),
    /** Whether rows have labels. */
    labelled: z.boolean(),
    /** Fields with few, short labels, which a table of label and prediction can be made of. */
    categories: z.array(z.string()),
    /** Why rows show no text: the data file is gone or changed. */
    problem: z.string().nullable(),
  }),
  example: z.object({ fields: fieldsSchema.nullable(), inputs: z.array(z.string()) }),
  traces: z.object({ total: count, from: count, rows: z.array(traceRowSchema) }),
  predictions: z.object({ rows: z.array(predictionRowSchema) }),
  confusion: z.object({ step: z.string(), fields: z.array(confusionFieldSchema) }),
  trace: z.object({
    record: traceRecordSchema,
    /** The memo answered it as a whole: what its requests cost was paid by another run. */
    recalled: z.boolean(),
  }),
  /** The latest that matches. */
  findTrace: z.object({ trace: count.nullable() }),
  messages: z.object({ answers: z.array(rememberedSchema) }),
  states: z.object({
    predictors: z.array(predictorInfoSchema),
    /** Of the steps, in order, then of the candidates that were asked for. */
    states: z.array(stateRowSchema),
    /** Of all steps, in order. */
    candidates: z.array(keptCandidateSchema),
  }),
  standing: z.object({
    step: z.string(),
    /** That candidates were scored on. */
    rows: count,
    candidates: z.array(standingSchema),
  }),
  front: z.object({
    step: z.string(),
    /** What the program runs were for. */
    purpose,
    /** Candidates, those that are the best on most rows first; the columns of the scores. */
    columns: z.array(count),
    /** Candidates that are the best on some row. They may be more than columns. */
    onFront: count,
    rows: z.array(frontRowSchema),
    /** Why rows show no text, or are not all. */
    problem: z.string().nullable(),
  }),
  /** Of each predictor that is another one. */
  changes: z.object({ predictors: z.array(changeSchema) }),
  /** From one program run in the state: the first call of each predictor that asked an LM. `null`: there is none. */
  sentPrompts: z.object({
    sent: z.object({ trace: count, purpose, example: count, calls: z.array(sentCallSchema) }).nullable(),
  }),
  trainingRows: z.object({ total: count, from: count, rows: z.array(trainingRowSchema) }),
  /** Out of the traces of so many program runs of all. */
  costs: z.object({
    runs: count,
    of: count,
    predictors: z.array(
      z.object({
        step: z.string(),
        predictor: z.string(),
        /** That were paid for, and that the memo answered. */
        calls: count,
        cached: count,
        /** Of the paid calls; `null`: not reported. */
        inputTokens: z.number().nullable(),
        outputTokens: z.number().nullable(),
        /** Seconds of a paid call, and what 95 % of them stay within; `null`: there was none. */
        mean: z.number().nullable(),
        most: z.number().nullable(),
      }),
    ),
  }),
  trainedBy: z.object({
    step: z.string(),
    /** `null`: the run is gone, or not here. */
    by: jobSchema
      .pick({ curve: true, events: true })
      .extend({
        run: z.string(),
        /** An earlier session of the run that asks. */
        itself: z.boolean(),
      })
      .nullable(),
  }),
  openTrainingRun: z.object({}),
  openDiff: z.object({}),
  openSource: z.object({}),
  copyCurl: z.object({}),
  act: z.object({}),
  copyTrace: z.object({}),
  copyRow: z.object({}),
  openFile: z.object({}),
  comparedPredictions: z.object({ rows: z.array(predictionRowSchema) }),
  /** Rows as in `examples`, a column for each subject. */
  compared: z.object({
    columns: z.array(z.string()),
    rows: z.array(exampleRowSchema),
    labelled: z.boolean(),
    categories: z.array(z.string()),
    problem: z.string().nullable(),
  }),
  openRun: z.object({}),
  openListed: z.object({}),
  actOnListed: z.object({}),
  copyNumbers: z.object({}),
} as const satisfies Record<Ask['ask'], z.ZodType>;

export type Answer<A extends Ask['ask']> = z.infer<(typeof answerSchemas)[A]>;
