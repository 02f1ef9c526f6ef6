/** How long a run was worked on: the time between its sessions, a night say, is none of it. */
import * as z from 'zod';
import type { Immutable } from '../base/immutable.ts';
import type { LoggedEvent } from '../protocol.ts';

export const workTimeSchema = z.object({
  /** Of the sessions before the latest. */
  seconds: z.number().nonnegative(),
  /** ISO 8601; when the latest session began. `null`: none did yet. */
  since: z.string().nullable(),
});
export type WorkTime = Immutable<z.infer<typeof workTimeSchema>>;

export const noWorkTime: WorkTime = { seconds: 0, since: null };

interface Before {
  readonly worked: WorkTime;
  readonly end: 'open' | 'finished' | 'stopped';
  readonly updated: string | null;
}

/** A session is from its first event to its last: what follows a stop, or begins a run again, is of the next. */
export function foldWorkTime({ worked, end, updated }: Before, { type, time }: LoggedEvent): WorkTime {
  if (worked.since !== null && type !== 'run.started' && end === 'open') return worked;
  return { seconds: secondsWorked(worked, updated), since: time };
}

/** @param until of the latest session: its last event, or now. */
export function secondsWorked({ seconds, since }: WorkTime, until: string | null): number {
  return seconds + (since === null || until === null ? 0 : secondsBetween(since, until));
}

/** From one ISO 8601 date to another; 0 where they are none, or the clock was put back. */
export function secondsBetween(from: string, to: string): number {
  const seconds = (Date.parse(to) - Date.parse(from)) / 1000;
  return seconds > 0 ? seconds : 0;
}
