/** The picture of runs side by side, and what its page asks. */
import * as z from 'zod';
import { comparisonSchema } from '../comparison.ts';
import { scoreSchema, usageSchema } from '../protocol.ts';
import { rowNumbers, split } from './parts.ts';

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
export const sideBySideSchema = z.object({
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
