import { ResponseError } from 'vscode-jsonrpc/node';
import { UsageError } from '../base/errors.ts';
import { endedWhile, loadError, place } from './hostErrors.ts';
import type { Peer } from './peer.ts';
import { KilledWhileLoading, wasKilled } from './startAgain.ts';

export interface LoadingWords {
  /** Seconds that loading may take. */
  readonly seconds: number;
  /** What is reported where the process ends meanwhile. */
  readonly ended: string;
  /** What is reported when the time is over. @param at where the process was, in words that go on from a sentence. */
  late(at: string): string;
}

/**
 * What a process answers that loads user's code.
 *
 * @throws UsageError naming file, export or line; KilledWhileLoading
 */
export async function loadedWithin<T>(peer: Peer, answer: Promise<T>, words: LoadingWords): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), words.seconds * 1000);
  });
  answer.catch(() => undefined);
  try {
    const first = await Promise.race([answer.then((value) => ({ value })), peer.exited, late]);
    if (first === 'late') throw new UsageError(words.late(place(await peer.whereBlocked())));
    if ('value' in first) return first.value;
    if (first.reason === undefined && wasKilled(first)) throw new KilledWhileLoading(first);
    throw endedWhile(words.ended, first);
  } catch (error) {
    throw error instanceof ResponseError ? loadError(error) : error;
  } finally {
    clearTimeout(timer);
  }
}
