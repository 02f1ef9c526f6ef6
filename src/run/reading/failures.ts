import type { UserCodeError } from '../../data/trace.ts';
import type { Purpose } from '../../protocol.ts';
import { readEvents } from '../record/eventLog.ts';
import { runFiles } from '../record/runFolder.ts';
import type { RunLocation } from '../record/runFolder.ts';

/** A program run that ended in an error, and counted as 0. */
export interface Failure {
  /** '' is what the run began with. */
  readonly step: string;
  readonly purpose: Purpose;
  /** `null`: the step's own result was run. */
  readonly candidate: number | null;
  /** Of the rows the purpose is about, numbered from 0. */
  readonly example: number;
  readonly round: number;
  readonly error: UserCodeError;
}

/** The rows of a run that failed, from its log, by step and then by row; what a resumed run logs again counts once. */
export async function readFailures(run: RunLocation): Promise<readonly Failure[]> {
  const { events } = await readEvents(runFiles(run.folder).events);
  const all = new Map<string, Failure | null>();
  for (const event of events) {
    if (event.type !== 'example') continue;
    const { prefix: step, purpose, candidate, example, round, error } = event;
    const key = JSON.stringify([step, purpose, candidate, example, round]);
    all.set(key, error === undefined ? null : { step, purpose, candidate, example, round, error });
  }
  const order = new Map([...new Set([...all.values()].map((one) => groupOf(one)))].map((group, i) => [group, i]));
  return [...all.values()]
    .filter((one) => one !== null)
    .toSorted((a, b) => order.get(groupOf(a))! - order.get(groupOf(b))! || a.example - b.example);
}

const groupOf = (one: Failure | null): string =>
  one === null ? '' : JSON.stringify([one.step, one.purpose, one.candidate]);
