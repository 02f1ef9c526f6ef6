import * as z from 'zod';
import { shown } from '../../data/keys.ts';
import type { JobEvent, JobState } from '../../engine/interfaces.ts';
import { messageLength } from '../messageLength.ts';
import type { TrainedAdapter } from '../servedTrainer.ts';

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
    step: z.number(),
    steps: z.number(),
    epoch: z.number(),
    loss: z.number().nullable(),
    adapter: z.string(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    trained_tokens: z.number(),
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

const mark = /bettertogether: (\{.*\})\s*$/;

/** Events after the one called `after`; an event's id is its place among ours, from 1. */
export function readLogs(logs: string, after: string | null, time: number): RayNews {
  const events: JobEvent[] = [];
  let rest: Omit<RayNews, 'events'> = {};
  let count = 0;
  for (const line of logs.split('\n')) {
    const said = lineOf(line);
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
    if (count > Number(after ?? 0)) events.push(eventOf(said, String(count), time));
  }
  return { ...rest, events };
}

function eventOf(
  { type, message, step, steps, epoch, loss, error }: z.infer<typeof lineSchema>,
  id: string,
  time: number,
) {
  const at = step === undefined ? type : `step ${step}${steps === undefined ? '' : ` of ${steps}`}`;
  const text = message ?? error ?? (loss == null ? at : `${at}, loss ${Number(loss.toPrecision(4))}`);
  return {
    id,
    time,
    message: shown(text, messageLength),
    ...(step === undefined ? {} : { step }),
    ...(steps === undefined ? {} : { steps }),
    ...(epoch === undefined ? {} : { epoch }),
    ...(loss == null || type !== 'progress' ? {} : { loss }),
  };
}

function lineOf(line: string): z.infer<typeof lineSchema> | null {
  const json = mark.exec(line)?.[1];
  if (json === undefined) return null;
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
