import * as z from 'zod';
import { countSchema, trainedTokensSchema } from '../data/counts.ts';
import type { JobEvent, JobState } from '../engine/interfaces.ts';
import { messageIn, progressIn } from './progress.ts';

/** A job as services of the OpenAI shape show it; they differ in what they leave out. */
export const wireJobSchema = z.object({
  id: z.string(),
  status: z.string(),
  fine_tuned_model: z.string().nullish(),
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

export const wireEventSchema = z.object({
  id: z.string(),
  created_at: z.number(),
  message: z.string().catch(''),
  level: z.string().nullish().catch(null),
  data: z.record(z.string(), z.unknown()).nullish().catch(null),
});
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
  id: z.string().min(1),
  status: z.string().nullish().catch(null),
  status_details: z.string().nullish().catch(null),
});
export type WireFile = z.infer<typeof wireFileSchema>;

/** What becomes of an uploaded file: `uploaded` is OpenAI's old word for one that can be used. */
export function fileState(status: string | null | undefined): 'ready' | 'wait' | 'refused' {
  const word = status?.toLowerCase() ?? 'processed';
  if (['pending', 'running', 'notrunning', 'uploading', 'processing'].includes(word)) return 'wait';
  return ['error', 'failed', 'deleted'].includes(word) ? 'refused' : 'ready';
}

const states: Readonly<Record<string, JobState>> = {
  validating_files: 'queued',
  validating: 'queued',
  created: 'queued',
  queued: 'queued',
  pending: 'queued',
  notrunning: 'queued',
  running: 'running',
  succeeded: 'succeeded',
  success: 'succeeded',
  completed: 'succeeded',
  failed: 'failed',
  failed_validation: 'failed',
  error: 'failed',
  cancelled: 'cancelled',
  canceled: 'cancelled',
  stopped: 'cancelled',
};

/** A status nobody has told us about (`paused`, `pendingDeployment`…) is that of a job which still lives. */
export function jobState(status: string): JobState {
  return states[status.toLowerCase()] ?? 'running';
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
