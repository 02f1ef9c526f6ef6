/** Processes of user code that something ends while they load: the memory ran out, a machine is being tidied up. */
import { setTimeout as sleep } from 'node:timers/promises';
import { HumanError } from '../base/errors.ts';
import { ofMemory } from '../base/killed.ts';
import { howItEnded, quote } from './hostErrors.ts';
import type { HostExit } from './hostProcess.ts';

/** How often one is started in a row, the first time included. */
export const hostStartsAtMost = 5;

/** Milliseconds before the second start; they double with each further one. */
const firstPauseMs = 200;

/** A process was ended by a signal: nothing in its code said so, and it may not happen again. */
export class KilledWhileLoading extends Error {
  readonly exit: HostExit;

  constructor(exit: HostExit) {
    super(`ended by ${howItEnded(exit)}`);
    this.exit = exit;
  }
}

/** Whether a process was ended from outside of its code; shells say it by a code above 128. */
export function wasKilled({ code, signal }: HostExit): boolean {
  return signal !== null || code === 128 + 9 || code === 128 + 15;
}

/**
 * Starts a process again as long as something kills it while it loads, after ever longer pauses.
 *
 * @param what for people: `The program host ended while it loaded a.py#Program`.
 * @param stillWanted asked before each further start.
 * @throws HumanError once it was killed `hostStartsAtMost` times; else what `start` throws.
 */
export async function startAgainWhileKilled<T>(
  start: () => Promise<T>,
  what: string,
  stillWanted: () => boolean = () => true,
): Promise<T> {
  for (let starts = 1; ; starts++) {
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof KilledWhileLoading)) throw error;
      if (starts >= hostStartsAtMost || !stillWanted()) throw killedEachTime(what, starts, error.exit);
      await sleep(firstPauseMs * 2 ** (starts - 1));
      if (!stillWanted()) throw killedEachTime(what, starts, error.exit);
    }
  }
}

function killedEachTime(what: string, starts: number, exit: HostExit): HumanError {
  const times = starts === 1 ? '' : `, ${starts} times in a row`;
  return new HumanError(
    `${what} (${howItEnded(exit)})${times}.` +
      ofMemory(exit.signal, 'Load less when the file is imported, or make room') +
      quote(exit.lastWords),
  );
}
