/**
 * Cancelling from another process: a file in the run's folder that the run process looks for. No signal, which could
 * reach a stranger that was given the same pid, and kills without a chance to tidy up on Windows.
 */
import { rmSync, statSync } from 'node:fs';
import { HumanError, messageOf } from '../../data/errors.ts';
import { replaceFile } from '../../data/replaceFile.ts';
import { readOwnManifest } from './manifest.ts';
import { runFiles } from './runFolder.ts';

const pollMs = 300;

/** @throws ForeignRecord when the run came with the folder: nothing is written there. */
export async function requestCancel(folder: string): Promise<void> {
  const { cancel: file } = runFiles(folder);
  await readOwnManifest(folder);
  try {
    // Put in its place whole: whatever stands there, a link too, is replaced and not written through.
    await replaceFile(file, `${new Date().toISOString()}\n`);
  } catch (error) {
    throw new HumanError(`The wish to cancel could not be left in ${file}: ${messageOf(error)}.`, { cause: error });
  }
}

/**
 * Calls `cancelled` once when somebody asks the run to stop. A wish from before this process began was meant for
 * another one. Returns what ends the watch.
 */
export function watchForCancel(folder: string, cancelled: () => void): () => void {
  const { cancel: file } = runFiles(folder);
  const timer = setInterval(() => {
    const asked = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (asked < performance.timeOrigin) return;
    clearInterval(timer);
    rmSync(file, { force: true });
    cancelled();
  }, pollMs);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}
