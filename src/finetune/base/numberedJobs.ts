/** Jobs whose id is ours to choose: made of the content hash, so that a service itself refuses to start one twice. */
import type { JobState } from '../../engine/interfaces.ts';

/** Tries of one job that are looked through; more of them failed than anybody starts. */
const attemptsAtMost = 100;

/** The latest try of a job. */
export interface Try {
  readonly id: string;
  readonly state: JobState;
}

/** @param stateOf `null`: there is no such job. */
export async function latestTry(hash: string, stateOf: (id: string) => Promise<JobState | null>): Promise<Try | null> {
  let last: Try | null = null;
  for (let attempt = 1; attempt <= attemptsAtMost; attempt++) {
    const id = idOf(hash, attempt);
    const state = await stateOf(id);
    if (state === null) break;
    last = { id, state };
  }
  return last;
}

/** Whether a run goes on with it: one that has ended badly is followed by another, under the next id. */
export function goesOn(last: Try | null): last is Try {
  return last !== null && last.state !== 'failed' && last.state !== 'cancelled';
}

/** The id that follows a try that ended badly; after none the first. */
export function nextId(hash: string, last: Try | null): string {
  return idOf(hash, last === null ? 1 : attemptOf(last.id) + 1);
}

function idOf(hash: string, attempt: number): string {
  return `bt-${hash.slice(0, 32)}${attempt === 1 ? '' : `-${attempt}`}`;
}

function attemptOf(id: string): number {
  return Number(/^bt-[^-]+-(\d+)$/.exec(id)?.[1] ?? 1);
}
