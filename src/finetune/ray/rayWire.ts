import * as z from 'zod';
import { trainedTokensSchema } from '../../base/counts.ts';
import { jobEventsAtMost, outputLineBytesAtMost } from '../../base/limits.ts';
import { nestsDeeper } from '../../base/nesting.ts';
import type { JobEvent, JobState } from '../../engine/interfaces.ts';
import { messageIn, metricsIn, progressIn, progressWords } from '../base/progress.ts';
import type { TrainedAdapter } from '../serving/servedTrainer.ts';

/** A job as `GET /api/jobs/<id>` shows it (Ray 2.60). */
export const rayJobSchema = z.object({
  status: z.string(),
  message: z.string().nullish().catch(null),
  error_type: z.string().nullish().catch(null),
});
export type RayJob = z.infer<typeof rayJobSchema>;

export const rayLogsSchema = z.object({ logs: z.string().catch('') });

const states: Readonly<Record<string, JobState>> = {
  PENDING: 'queued',
  RUNNING: 'running',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  STOPPED: 'cancelled',
};

/** A status that is not known yet is that of a job which still lives. */
export function rayState(status: string): JobState {
  return states[status.toUpperCase()] ?? 'running';
}

const lineSchema = z
  .object({
    type: z.enum(['message', 'progress', 'done', 'failed']),
    message: z.string(),
    step: z.unknown(),
    steps: z.unknown(),
    epoch: z.unknown(),
    loss: z.unknown(),
    metrics: z.unknown(),
    adapter: z.string(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    trained_tokens: trainedTokensSchema.optional().catch(undefined),
    error: z.string(),
  })
  .partial()
  .required({ type: true });

/** What a job's log says of ours, among all that Ray and the libraries print. */
export interface RayNews {
  readonly events: readonly JobEvent[];
  readonly adapter?: TrainedAdapter;
  readonly trainedTokens?: number;
  readonly error?: string;
}

const mark = 'bettertogether: {';

/** Events after the one called `after`; an event's id is its place among ours, from 1. */
export function readLogs(logs: string, after: string | null, time: number): RayNews {
  const events: JobEvent[] = [];
  let rest: Omit<RayNews, 'events'> = {};
  let count = 0;
  for (let at = logs.indexOf(mark); at >= 0; at = logs.indexOf(mark, at + mark.length)) {
    const said = lineOf(lineAt(logs, at + mark.length - 1));
    if (said === null) continue;
    count++;
    const { type, adapter, sha256, trained_tokens: trainedTokens, error } = said;
    if (type === 'done' && adapter !== undefined && sha256 !== undefined) {
      rest = {
        ...rest,
        adapter: { folder: adapter, sha256 },
        ...(trainedTokens === undefined ? {} : { trainedTokens }),
      };
    }
    if (type === 'failed') rest = { ...rest, error: error ?? 'It gives no reason.' };
    if (count > Number(after ?? 0) && events.length < jobEventsAtMost) events.push(eventOf(said, String(count), time));
  }
  return { ...rest, events };
}

function eventOf(said: z.infer<typeof lineSchema>, id: string, time: number): JobEvent {
  const { type, message, step, steps, epoch, error } = said;
  const { loss, ...progress } = progressIn({ step, steps, epoch, loss: said.loss });
  const known = loss === undefined ? progress : { ...progress, loss };
  const text = messageIn(message ?? error ?? progressWords(known, type));
  return { id, time, message: text, ...(type === 'progress' ? { ...known, ...metricsIn(said.metrics) } : progress) };
}

/** From a place to the end of its line, which may be as long as the log. */
function lineAt(logs: string, start: number): string {
  const end = logs.indexOf('\n', start);
  return logs.slice(start, Math.min(end < 0 ? logs.length : end, start + outputLineBytesAtMost));
}

function lineOf(json: string): z.infer<typeof lineSchema> | null {
  if (nestsDeeper(json)) return null;
  try {
    return lineSchema.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}

/** Ray's own words on a failed job: of the log it quotes, the last line that says something. */
export function failureOf({ message, error_type: type }: RayJob): string {
  const lines = (message ?? '').split('\n').filter((line) => /\w/.test(line));
  const first = lines[0]?.replace(/, last available logs.*$/, '') ?? 'Ray gives no reason';
  const last = lines.length > 1 ? ` ${lines.at(-1)!.trim()}` : '';
  return `${type == null ? '' : `${type}: `}${first}${last}`;
}
