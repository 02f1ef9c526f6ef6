/** What Together tells of a job on its way: its events, and a row of metrics a step. */
import type { JobEvent } from '../../engine/interfaces.ts';
import { eventsBehind } from '../base/eventsBehind.ts';
import { jobEvent, wireEventSchema } from '../base/jobEvents.ts';
import type { WireEvent } from '../base/jobEvents.ts';
import { metricEvents } from '../base/metricRows.ts';
import type { TogetherApi } from './api.ts';
import { listSchema, metricsSchema } from './wire.ts';

export interface News {
  readonly events: readonly JobEvent[];
  /** The service's own, all of them: one may say why a job failed. */
  readonly told: readonly WireEvent[];
}

/** @param path of the job. */
export async function newsOf(
  api: TogetherApi,
  path: string,
  jobId: string,
  afterEvent: string | null,
  signal: AbortSignal,
): Promise<News> {
  const optional = (what: string, route: string) =>
    api.client.optional(what, null, signal, (own, retry) =>
      api.client.ask(what, own, (attempt) => api.once('GET', `${path}/${route}`, { taken: [404] }, attempt), { retry }),
    );
  const [events, metrics] = await Promise.all([
    optional(`the events of job ${jobId}`, 'events'),
    optional(`the metrics of job ${jobId}`, 'metrics'),
  ]);
  const told = events === null ? [] : eventsIn(events);
  const steps = metrics === null ? [] : metricEvents(metricsSchema.safeParse(metrics).data?.metrics ?? []);
  return { events: eventsBehind(inOrder(told.map(jobEvent), steps), afterEvent), told };
}

/** Oldest first, each under an id of its own, though they come without. */
function eventsIn(answer: unknown): readonly WireEvent[] {
  const counts = new Map<string, number>();
  const read = (listSchema.safeParse(answer).data?.data ?? []).flatMap(
    (item) => wireEventSchema.safeParse(item).data ?? [],
  );
  return read
    .toSorted((a, b) => a.created_at - b.created_at)
    .map((event) => {
      const before = counts.get(event.id) ?? 0;
      counts.set(event.id, before + 1);
      return before === 0 ? event : { ...event, id: `${event.id} (${before + 1})` };
    });
}

/** By time; steps without a time follow what was told before the next step that has one. */
function inOrder(told: readonly JobEvent[], steps: readonly JobEvent[]): readonly JobEvent[] {
  let latest = 0;
  const timed = steps.map((event) => {
    latest = Math.max(latest, event.time);
    return { ...event, time: latest };
  });
  return [...told.map(withoutStep), ...timed].sort((a, b) => a.time - b.time);
}

/** An event's own step is said in its words; steps are those of the metrics, which never go back. */
function withoutStep({ id, time, message }: JobEvent): JobEvent {
  return { id, time, message };
}
