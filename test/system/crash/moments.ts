/** Random moments of a run, the same share of it on a fast machine and on a slow one. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import type { PythonRandom } from '../../../src/engine/pythonRandom.ts';
import type { Finished, Started } from '../workspace.ts';

export interface Moments {
  readonly random: PythonRandom;
  /** Milliseconds until the moment, least and most. */
  readonly between: readonly [number, number];
  /** The moment comes no later than this many answers of the endpoint; drawn from 1 to `atMost`. */
  readonly answers?: { readonly of: FakeEndpoint; readonly atMost: number };
}

/** Waits for the next moment, or until `over`; `later` (ms) is added to the time, so that every run comes to an end. */
export async function moment({ random, between, answers }: Moments, later: number, over: () => boolean): Promise<void> {
  const until = performance.now() + random.randint(...between) + later;
  const target = answers === undefined ? Infinity : answers.of.counters.answered + random.randint(1, answers.atMost);
  while (performance.now() < until && (answers?.of.counters.answered ?? 0) < target && !over()) await sleep(5);
}

/** Whether the process is through. */
export function watched(done: Promise<Finished>): () => boolean {
  let over = false;
  void done.then(() => (over = true));
  return () => over;
}

/** Kills the process at the next moment, unless it is through before. */
export async function killedAt({ child, done }: Started, moments: Moments, later: number): Promise<Finished> {
  await moment(moments, later, watched(done));
  child.kill('SIGKILL');
  return done;
}
