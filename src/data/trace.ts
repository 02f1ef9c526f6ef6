/** What a program run gave: as hosts and the memo give it, and as everybody here takes it. */
import * as z from 'zod';
import { amountSchema } from '../base/counts.ts';
import type { Immutable } from '../base/immutable.ts';
import { feedbackCharactersAtMost } from '../base/limits.ts';
import { fieldsSchema } from './fields.ts';
import type { LmAnswer, LmPrompt } from './lm.ts';
import { lmRecordSchema } from './lm.ts';

/** A request to an LM as a trace keeps it: bodies stay in the memo, under `key`. */
export type LmRecord = Immutable<z.infer<typeof lmRecordSchema>>;

export function recordOf({ finishReason, usage, key, model, endpoint, cached, seconds }: LmAnswer): LmRecord {
  const elsewhere = endpoint === undefined ? {} : { endpoint };
  return { finishReason, usage, key, model, ...elsewhere, cached, seconds };
}

export const traceCallSchema = z.object({
  predictor: z.string(),
  inputs: fieldsSchema,
  /** The parsed outputs; `null` when the call failed. */
  outputs: fieldsSchema.nullable(),
  error: z.string().exactOptional(),
  /** LM requests this call made, in order (more than one after a fallback). */
  lm: z.array(lmRecordSchema),
  /** Names of the modules around the call, outermost first. */
  path: z.array(z.string()),
  /** Seconds since the program run began. */
  start: z.number(),
  seconds: amountSchema,
});
/** One call of one predictor within one run of the program. */
export type TraceCall = Immutable<z.infer<typeof traceCallSchema>>;

const retrievalSchema = z.object({
  /** The class that was asked: `Retrieve`, `ColBERTv2`. */
  retriever: z.string(),
  query: z.string(),
  /** Passages asked for at most; left out where the retriever alone decides. */
  k: z.number().exactOptional(),
  /** The beginning of each passage that came, the best first. */
  passages: z.array(z.string()),
  error: z.string().exactOptional(),
  /** As in a `TraceCall`. */
  path: z.array(z.string()),
  start: z.number(),
  seconds: amountSchema,
});
/** One look-up of passages within one run of the program: `Retrieve`, or a retriever of DSPy's. */
export type Retrieval = Immutable<z.infer<typeof retrievalSchema>>;

export const userCodeErrorSchema = z.object({
  /** `parse`: an answer that is not in the predictor's format. The rest say whose code threw, or how it ended. */
  kind: z.enum(['parse', 'program', 'metric', 'timeout', 'crash', 'rejected']),
  message: z.string(),
  file: z.string().exactOptional(),
  line: z.number().exactOptional(),
  /** Of a notebook: `line` is the cell's then. */
  cell: z.number().exactOptional(),
  /** What the metric returned in the place of a score: a number outside of `metricRange`. */
  returned: z.number().exactOptional(),
});
/** An error of the user's code, with what it takes to find it. */
export type UserCodeError = Immutable<z.infer<typeof userCodeErrorSchema>>;

const aboutPredictorSchema = z.union([z.object({ score: z.number() }), z.object({ error: userCodeErrorSchema })]);
/** What came of asking the metric about one predictor besides feedback: a score that is not used, or an error. */
export type AboutPredictor = Immutable<z.infer<typeof aboutPredictorSchema>>;

export const programOutcomeSchema = z.object({
  prediction: fieldsSchema.nullable(),
  /** The metric's value, booleans as 0 and 1; 0 when `error` is set. */
  score: z.number(),
  /**
   * What the metric said about the prediction, or about the predictor it was asked about; left out where it gave a score
   * alone.
   */
  feedback: z
    .string()
    .overwrite((text) => text.slice(0, feedbackCharactersAtMost).replace(/[\uD800-\uDBFF]$/, ''))
    .exactOptional(),
  /** Left out where the metric was not asked about a predictor, or gave `score` again. */
  aboutPredictor: aboutPredictorSchema.exactOptional(),
  error: userCodeErrorSchema.exactOptional(),
  trace: z.array(traceCallSchema),
  /** In the order they began, for the trace viewer; left out where there are none. */
  retrievals: z.array(retrievalSchema).exactOptional(),
  /**
   * LM requests made in this run that are in no call of the trace: the metric's own (a judge). No host sends them; the
   * engine, through which they went, adds them. Left out where there are none.
   */
  untraced: z.array(lmRecordSchema).exactOptional(),
  seconds: z.number(),
});
/** What one run of the program on one example gave. A failed one scores 0 and counts. */
export type ProgramOutcome = Immutable<z.infer<typeof programOutcomeSchema>>;

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
