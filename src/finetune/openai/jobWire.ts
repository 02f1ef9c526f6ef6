import * as z from 'zod';
import { countSchema, trainedTokensSchema } from '../../base/counts.ts';
import type { JobEvent, JobState } from '../../engine/interfaces.ts';
import { messageIn, progressIn } from '../base/progress.ts';

/** Self-hosted services count their jobs and files. */
const idSchema = z.union([z.string().min(1), z.number().transform(String)]);

/** What was made, by its name: of a job, a file. */
export const wireIdSchema = z.object({ id: idSchema });

/** A job as services of the OpenAI shape show it; they differ in what they leave out. */
export const wireJobSchema = z.object({
  id: idSchema,
  status: z.string(),
  fine_tuned_model: z.string().nullish().catch(null),
  trained_tokens: z.unknown().optional(),
  training_file: z.string().nullish().catch(null),
  suffix: z.string().nullish().catch(null),
  user_provided_suffix: z.string().nullish().catch(null),
  metadata: z.record(z.string(), z.unknown()).nullish().catch(null),
  /** Services differ: an object as OpenAI's, or the text alone. */
  error: z
    .union([
      z.object({ message: z.string().nullish(), code: z.string().nullish() }),
      z.string().transform((message) => ({ message, code: null })),
    ])
    .nullish()
    .catch(null),
});
export type WireJob = z.infer<typeof wireJobSchema>;

/** Seconds since 1970, of seconds, milliseconds or a date in text; 0 for anything else. */
const secondsSchema = z.unknown().transform((value) => {
  const number = typeof value === 'string' && Number.isNaN(Number(value)) ? Date.parse(value) : Number(value);
  if (!Number.isFinite(number)) return 0;
  return number > 1e11 ? number / 1000 : number;
});

/** An event; one without an id is known by its time and words. */
export const wireEventSchema = z
  .object({
    id: idSchema.nullish().catch(null),
    created_at: secondsSchema,
    message: z.string().catch(''),
    level: z.string().nullish().catch(null),
    data: z.record(z.string(), z.unknown()).nullish().catch(null),
  })
  .transform((event) => ({ ...event, id: event.id ?? `${event.created_at} ${event.message.slice(0, 200)}` }));
export type WireEvent = z.infer<typeof wireEventSchema>;

/** Tokens that a job is billed for; `null` where the service does not say, `undefined` where it says what cannot be. */
export function trainedTokens({ trained_tokens: reported }: WireJob): number | null | undefined {
  return reported == null ? null : trainedTokensSchema.safeParse(reported).data;
}

export const wireCheckpointSchema = z.object({
  fine_tuned_model_checkpoint: z.string().min(1),
  step_number: countSchema.catch(0),
});

/** An uploaded file; services that look at it first say so in `status`. */
export const wireFileSchema = z.object({
  id: idSchema,
  status: z.string().nullish().catch(null),
  status_details: z.string().nullish().catch(null),
});
export type WireFile = z.infer<typeof wireFileSchema>;

/** What becomes of an uploaded file: `uploaded` is OpenAI's old word for one that can be used. */
export function fileState(status: string | null | undefined): 'ready' | 'wait' | 'refused' {
  const word = wordOf(status ?? 'processed');
  if (waiting.includes(word)) return 'wait';
  return ['error', 'failed', 'deleted', 'invalid', 'rejected'].includes(word) ? 'refused' : 'ready';
}

const waiting: readonly string[] = [
  ...['pending', 'queued', 'running', 'notrunning', 'in_progress'],
  ...['uploading', 'importing', 'validating', 'processing'],
];

const words: Readonly<Record<JobState, readonly string[]>> = {
  queued: ['validating_files', 'validating', 'validated', 'created', 'queued', 'pending', 'notrunning', 'not_started'],
  running: ['running', 'started', 'in_progress'],
  succeeded: ['succeeded', 'success', 'successful', 'completed', 'complete', 'finished', 'done'],
  failed: ['failed', 'failure', 'failed_validation', 'error', 'errored', 'user_error', 'expired', 'timed_out'],
  cancelled: ['cancelled', 'canceled', 'stopped', 'aborted'],
};
const states: ReadonlyMap<string, JobState> = new Map(
  (Object.keys(words) as JobState[]).flatMap((state) => words[state].map((word) => [word, state] as const)),
);

/** An unknown status (`paused`, `pendingDeployment`…) is that of a job which still lives. */
export function jobState(status: string): JobState {
  return states.get(wordOf(status)) ?? 'running';
}

/** `JOB_STATE_COMPLETED`, `In Progress` and `in-progress` as everybody else has them. */
function wordOf(status: string): string {
  return status
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, '_')
    .replace(/^(job_)?(state|status)_/, '');
}

/** Step, epoch and loss from the event's data, or else from its words ("Step 3/90: training loss=0.41"). */
export function jobEvent(event: WireEvent): JobEvent {
  const data = event.data ?? {};
  const words = /step (\d+)(?:\/(\d+))?: training loss=(\d+(?:\.\d+)?(?:e-?\d+)?)/i.exec(event.message.slice(0, 1000));
  const progress = progressIn({
    step: data['step'] ?? words?.[1],
    steps: data['total_steps'] ?? data['steps'] ?? words?.[2],
    epoch: data['epoch'],
    loss: data['train_loss'] ?? data['loss'] ?? words?.[3],
  });
  return { id: event.id, time: event.created_at * 1000, message: messageIn(event.message), ...progress };
}
