/** What each question is answered with. */
import * as z from 'zod';
import { fieldsSchema } from '../data/fields.ts';
import { purposeSchema as purpose } from '../protocol.ts';
import type { Ask } from './asks.ts';
import { rememberedSchema, trainingRowSchema } from './chats.ts';
import { confusionFieldSchema, exampleRowSchema, frontRowSchema, predictionRowSchema } from './examples.ts';
import { count } from './parts.ts';
import { jobSchema } from './snapshot.ts';
import {
  changeSchema,
  keptCandidateSchema,
  predictorInfoSchema,
  sentCallSchema,
  standingSchema,
  stateRowSchema,
} from './states.ts';
import { traceRecordSchema, traceRowSchema } from './traces.ts';

/** Rows with their scores in several states. */
const scoredRows = z.object({
  /** States, in order; the columns of the scores. */
  columns: z.array(z.string()),
  rows: z.array(exampleRowSchema),
  /** Whether rows have labels. */
  labelled: z.boolean(),
  /** Fields with few, short labels, which a table of label and prediction can be made of. */
  categories: z.array(z.string()),
  /** Why rows show no text: the data file is gone or changed. */
  problem: z.string().nullable(),
});

export const answerSchemas = {
  /** A column for each step. */
  examples: scoredRows,
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
  /** A column for each subject. */
  compared: scoredRows,
  openRun: z.object({}),
  openListed: z.object({}),
  actOnListed: z.object({}),
  copyNumbers: z.object({}),
} as const satisfies Record<Ask['ask'], z.ZodType>;
export type Answer<A extends Ask['ask']> = z.infer<(typeof answerSchemas)[A]>;
