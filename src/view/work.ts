/** Program runs counted by what they are for: the one count that every view and every estimate of the rest reads. */
import * as z from 'zod';
import { countSchema } from '../base/counts.ts';
import { purposeSchema } from '../protocol.ts';
import type { RunEvent } from '../protocol.ts';

/** What program runs are for. Those of a weight step's checkpoints, on dev rows, score no result of a step. */
export const workSchema = z.enum([...purposeSchema.options, 'checkpoints']);
export type Work = z.infer<typeof workSchema>;

export const workCountSchema = z.object({
  /** Program runs that have ended. */
  done: countSchema,
  /** Sum of their scores, each from 0 to 1. */
  sum: z.number(),
  /** Those that the memo answered. */
  cached: countSchema,
  /** Those that ended in an error. */
  failed: countSchema,
  /** ISO 8601; when the first of them ended, where it is known. */
  since: z.string().nullable(),
});
export type WorkCount = Readonly<z.infer<typeof workCountSchema>>;

export type WorkCounts = Readonly<Partial<Record<Work, WorkCount>>>;

export type Example = Extract<RunEvent, { type: 'example' }>;

export const noWork: WorkCount = { done: 0, sum: 0, cached: 0, failed: 0, since: null };

export function workOf({ purpose, candidate }: Pick<Example, 'purpose' | 'candidate'>): Work {
  return purpose === 'dev' && candidate !== null ? 'checkpoints' : purpose;
}

/**
 * The counts with one more program run. Candidates that are validated side by side count together.
 *
 * @param time of the event; `null`: it was not logged.
 */
export function withRun(counts: WorkCounts, event: Example, time: string | null): WorkCounts {
  const work = workOf(event);
  const { done, sum, cached, failed, since } = counts[work] ?? noWork;
  return {
    ...counts,
    [work]: {
      done: done + 1,
      sum: sum + event.score,
      cached: cached + (event.cached ? 1 : 0),
      failed: failed + (event.error === undefined ? 0 : 1),
      since: since ?? time,
    },
  };
}

/** The counts without those of work that has ended: what comes of its kind later is counted from none. */
export function without(counts: WorkCounts, ended: Work): WorkCounts {
  return Object.fromEntries(Object.entries(counts).filter(([work]) => work !== ended));
}
