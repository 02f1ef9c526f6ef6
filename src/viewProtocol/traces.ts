/** Program runs: which are meant, their list, and their records. */
import * as z from 'zod';
import { lmRecordSchema } from '../data/lm.ts';
import { programOutcomeSchema, traceCallSchema, userCodeErrorSchema } from '../data/trace.ts';
import { purposeSchema as purpose } from '../protocol.ts';
import { grades } from '../view/grade.ts';
import { count } from './parts.ts';

/** Which program runs are meant; what is not given is not asked about. */
export const traceFilterSchema = z.object({
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

export const traceRowSchema = z.object({
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
