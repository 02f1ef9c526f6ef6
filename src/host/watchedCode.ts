/** One piece of work of a user's code in a process of its own: until it is done, stopped, or found in an endless loop. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CancellationTokenSource, ResponseError } from 'vscode-jsonrpc/node';
import type { CancellationToken } from 'vscode-jsonrpc/node';
import { HumanError } from '../base/errors.ts';
import { stopped } from '../engine/abort.ts';
import { howItEnded, loadError, place, quote } from './hostErrors.ts';
import type { Peer } from './peer.ts';
import { PeerLost } from './peer.ts';
import { watch } from './watchdog.ts';

export interface WatchedCode {
  /** What it is called: `optimizer.ts#widen`. */
  readonly name: string;
  /** Seconds without an answer after which its process counts as blocked by an endless loop. Default 60. */
  readonly blockedSeconds?: number | undefined;
}

/** Milliseconds in which code that was stopped may put things in order. */
const graceMs = 1000;

/**
 * @param begin starts the work; a cancelled token tells it to end.
 * @throws HumanError naming the code where it fails, loops or ends its process; the reason where `signal` aborts.
 */
export async function runWatched<T>(
  peer: Peer,
  { name, blockedSeconds = 60 }: WatchedCode,
  begin: (token: CancellationToken) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const blocked = whenBlocked(peer, name, blockedSeconds);
  const cancel = new CancellationTokenSource();
  const running = begin(cancel.token);
  try {
    return await Promise.race([running, blocked.error, whenAborted(signal)]);
  } catch (error) {
    if (signal.aborted) {
      cancel.cancel();
      await Promise.race([running.catch(() => undefined), sleep(graceMs)]);
    }
    throw await told(error, peer, name);
  } finally {
    running.catch(() => undefined);
    blocked.stopWatching();
  }
}

export function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = () => reject(stopped(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** `error` rejects when the process does not answer for so long. */
function whenBlocked(peer: Peer, name: string, seconds: number) {
  let stopWatching: () => void = () => undefined;
  const error = new Promise<never>((_, reject) => {
    stopWatching = watch({
      blockedSeconds: seconds,
      ping: async () => void (await peer.ping()),
      onAlive: () => undefined,
      onBlocked: () => void blockedError(peer, name, seconds).then(reject),
    });
  });
  return { error, stopWatching };
}

async function blockedError(peer: Peer, name: string, seconds: number): Promise<HumanError> {
  const at = place(await peer.whereBlocked());
  return new HumanError(`${name} kept its process busy for ${seconds} seconds without a pause${at}: an endless loop?`);
}

/** The error as people see it. */
async function told(error: unknown, peer: Peer, name: string): Promise<unknown> {
  if (error instanceof ResponseError) return loadError(error);
  if (!(error instanceof PeerLost)) return error;
  const exit = await peer.exited;
  return new HumanError(exit.reason ?? `${name} ended its process (${howItEnded(exit)}).${quote(exit.lastWords)}`);
}
