/** A training job of a step: what is known of it, and what each event makes of that. */
import * as z from 'zod';
import { countSchema, metricsSchema } from '../base/counts.ts';
import type { Immutable } from '../base/immutable.ts';
import type { EventOf } from '../protocol.ts';

export const jobViewSchema = z.object({
  hash: z.string(),
  id: z.string().nullable(),
  /** `stopped`: the run stopped, or is gone, and no one follows the job. */
  status: z.enum(['intended', 'running', 'stopped', 'succeeded', 'failed']),
  rows: countSchema,
  step: countSchema.nullable(),
  steps: countSchema.nullable(),
  loss: z.number().nullable(),
  /** What its method measures beside the loss, as said last. */
  metrics: metricsSchema,
  message: z.string(),
  /** The served name of the tuned model. */
  model: z.string().nullable(),
  cached: z.boolean(),
  trainedTokens: z.number().nullable(),
  seconds: z.number().nullable(),
  /** ISO 8601; when it was sent. `null`: it was not, or another session sent it. */
  since: z.string().nullable(),
});
export type JobView = Immutable<z.infer<typeof jobViewSchema>>;

type JobEvent = EventOf<'job.intended' | 'job.submitted' | 'job.progress' | 'job.finished' | 'job.failed'>;

export function foldJob(before: JobView | null, event: JobEvent): JobView {
  // A step may have several jobs: what is known of one is not of the next.
  const isNext = 'hash' in event && before !== null && before.hash !== event.hash;
  const job = before === null || isNext ? emptyJob : before;
  switch (event.type) {
    case 'job.intended':
      return { ...emptyJob, hash: event.hash, rows: event.rows };
    case 'job.submitted':
      return { ...job, hash: event.hash, id: event.job, status: 'running', since: event.adopted ? null : event.time };
    case 'job.progress': {
      const { step = job.step, steps = job.steps, loss = job.loss, metrics = job.metrics, message } = event;
      return { ...job, id: event.job, status: 'running', step, steps, loss, metrics, message };
    }
    case 'job.finished': {
      const { hash, job: id, model, cached, seconds, trainedTokens = null } = event;
      return { ...job, hash, id, status: 'succeeded', model, cached, seconds, trainedTokens };
    }
    case 'job.failed':
      return { ...job, hash: event.hash, id: event.job, status: 'failed', message: event.error };
  }
}

const emptyJob: JobView = {
  hash: '',
  id: null,
  status: 'intended',
  rows: 0,
  step: null,
  steps: null,
  loss: null,
  metrics: {},
  message: '',
  model: null,
  cached: false,
  trainedTokens: null,
  seconds: null,
  since: null,
};
