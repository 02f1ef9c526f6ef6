/** A job's status, and what it has said since. */
import { jobEventsAtMost } from '../../base/limits.ts';
import type { Checkpoint, JobStatus } from '../../engine/interfaces.ts';
import { jobEvent, wireEventSchema } from '../base/jobEvents.ts';
import type { WireEvent } from '../base/jobEvents.ts';
import { readJob, statusOf } from '../base/jobStatus.ts';
import { firstItems, itemsOf } from '../base/lists.ts';
import { parsed } from '../base/serviceClient.ts';
import type { ServiceClient } from '../base/serviceClient.ts';
import { isListed } from '../base/tunedModel.ts';
import { wireCheckpointSchema, wireJobSchema } from './jobWire.ts';

export const pathOf = (job: string): string => `/fine_tuning/jobs/${encodeURIComponent(job)}`;

/**
 * @param afterEvent the id of the last event that is known.
 * @throws UnknownJob when the service does not know the job (any more).
 */
export async function jobStatus(
  client: ServiceClient,
  jobId: string,
  afterEvent: string | null,
  signal: AbortSignal,
): Promise<JobStatus> {
  const read = async (attempt: AbortSignal) => parsed(wireJobSchema, await client.read(pathOf(jobId), {}, attempt));
  const { status, fine_tuned_model: model, trained_tokens, error } = await readJob(client, jobId, read, signal);
  // After the status: so the last events of a job that has ended are among them.
  const news = await eventsAfter(client, jobId, afterEvent, signal);
  const said = [error?.message, error?.code];
  const reading = { status, model, trainedTokens: trained_tokens, said };
  return statusOf(client, jobId, { ...reading, events: news.map(jobEvent), news });
}

/** Events are news, not results: a service without them still trains, and so does one whose events are broken. */
function eventsAfter(
  client: ServiceClient,
  jobId: string,
  after: string | null,
  signal: AbortSignal,
): Promise<readonly WireEvent[]> {
  const what = `the events of job ${jobId}`;
  return client.optional(what, [], signal, async (own, retry) => {
    const newestFirst: WireEvent[] = [];
    const list = { path: `${pathOf(jobId)}/events`, schema: wireEventSchema, what, retry };
    // Of more, the newest show where the job is.
    for await (const event of itemsOf(client, list, own)) {
      if (event === null) continue;
      const ascending = newestFirst.length > 0 && newestFirst[0]!.created_at < event.created_at;
      if ((event.id === after && !ascending) || newestFirst.length >= jobEventsAtMost) break;
      newestFirst.push(event);
    }
    return inOrder(newestFirst, after);
  });
}

/** Oldest first. Services list the newest first; a service that lists the oldest first is recognized by its times. */
function inOrder(events: readonly WireEvent[], after: string | null): readonly WireEvent[] {
  const [first, last] = [events[0], events.at(-1)];
  if (first === undefined || last === undefined || first.created_at >= last.created_at) return events.toReversed();
  return events.slice(events.findIndex((event) => event.id === after) + 1);
}

/** Checkpoints that are looked for in lists, and of those the latest that are asked by a call. */
const checkpointsAtMost = { listed: 100, asked: 5 } as const;

/**
 * What a job kept besides its model and what answers, the latest first; a service that keeps nothing has no such list.
 *
 * @param isGone asks a model that is listed whether it answers.
 */
export function jobCheckpoints(
  client: ServiceClient,
  jobId: string,
  isGone: (model: string, signal: AbortSignal) => Promise<boolean>,
  signal: AbortSignal,
): Promise<readonly Checkpoint[]> {
  const what = `the checkpoints of job ${jobId}`;
  return client.optional<readonly Checkpoint[]>(what, [], signal, async (own, retry) => {
    const list = { path: `${pathOf(jobId)}/checkpoints`, schema: wireCheckpointSchema, what, retry };
    const found = (await firstItems(client, list, own))
      .slice(-checkpointsAtMost.listed)
      .map((one) => ({ model: one.fine_tuned_model_checkpoint, step: one.step_number }));
    const listed = await those(found, ({ model }) => isListed(client, model, own, retry));
    const latest = listed.toSorted((a, b) => b.step - a.step).slice(0, checkpointsAtMost.asked);
    return those(latest, async ({ model }) => !(await isGone(model, own)));
  });
}

async function those<T>(all: readonly T[], hold: (one: T) => Promise<boolean>): Promise<readonly T[]> {
  const held = await Promise.all(all.map(hold));
  return all.filter((_, place) => held[place]);
}
