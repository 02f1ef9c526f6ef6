/** What services on the wire tell of a job on its way. */
import * as z from 'zod';
import { trainedTokensSchema } from '../../base/counts.ts';
import { shown } from '../../base/keys.ts';
import type { JobEvent } from '../../engine/interfaces.ts';
import { messageIn, metricsIn, progressIn } from './progress.ts';

/** Self-hosted services count their jobs, files and events. */
export const idSchema = z.union([z.string().min(1), z.number().transform(String)]);

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
    step: z.unknown().optional(),
    total_steps: z.unknown().optional(),
  })
  .transform((event) => ({ ...event, id: event.id ?? `${event.created_at} ${shown(event.message, 200)}` }));
export type WireEvent = z.infer<typeof wireEventSchema>;

/** Step, epoch, loss and metrics from the event and its data, or else from its words ("Step 3/90: training loss=0.41"). */
export function jobEvent(event: WireEvent): JobEvent {
  const data = event.data ?? {};
  const words = /step (\d+)(?:\/(\d+))?: training loss=(-?\d+(?:\.\d+)?(?:e-?\d+)?)/i.exec(
    event.message.slice(0, 1000),
  );
  const progress = progressIn({
    step: data['step'] ?? event.step ?? words?.[1],
    steps: data['total_steps'] ?? data['steps'] ?? event.total_steps ?? words?.[2],
    epoch: data['epoch'],
    loss: data['train_loss'] ?? data['loss'] ?? words?.[3],
  });
  const message = messageIn(event.message);
  return { id: event.id, time: event.created_at * 1000, message, ...progress, ...metricsIn(data['metrics']) };
}

/** Tokens that a job is billed for; `null` where the service does not say, `undefined` where it says what cannot be. */
export function trainedTokensIn(reported: unknown): number | null | undefined {
  return reported == null ? null : trainedTokensSchema.safeParse(reported).data;
}

/** Why a job failed, in the words of the service; some say that only in its events. */
export function reasonOf(
  said: readonly (string | null | undefined)[],
  events: readonly Pick<WireEvent, 'level' | 'message'>[],
): string {
  const told = events.findLast(({ level }) => level === 'error')?.message;
  const reason = [...said, told].find((text) => text != null && text !== '');
  return shown(reason ?? 'The service gives no reason.');
}
