/**
 * Cancelling from another process: a file in the run's folder that the run process looks for. No signal, which could
 * reach a stranger that was given the same pid, and kills without a chance to tidy up on Windows.
 */
import { readFileSync, rmSync, statSync } from 'node:fs';
import { HumanError, messageOf } from '../../base/errors.ts';
import { replaceFile } from '../../base/replaceFile.ts';
import { readOwnManifest } from './manifest.ts';
import { runFiles } from './runFolder.ts';

const pollMs = 300;

/** @throws ForeignRecord when the run came with the folder: nothing is written there. */
export async function requestCancel(folder: string): Promise<void> {
  const { cancel: file } = runFiles(folder);
  await readOwnManifest(folder);
  try {
    // Put in its place whole: whatever is there, a link too, is replaced and not written through.
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
  const earlier = isFromBefore(file) ? readWish(file) : null;
  const timer = setInterval(() => {
    const wish = readWish(file);
    if (wish === null || wish === earlier) return;
    clearInterval(timer);
    forget(file);
    cancelled();
  }, pollMs);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}

/** The file's content, a time; `null` when there is none to be read. */
function readWish(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** Of a file system that keeps whole seconds alone, the file itself knows its time better. */
function isFromBefore(file: string): boolean {
  const time = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const written = time % 1000 === 0 ? Date.parse(readWish(file)?.trim() ?? '') : NaN;
  return (Number.isNaN(written) ? time : written) < performance.timeOrigin;
}

/** In a shared folder it may be somebody else's to remove; the next process knows it for an old one. */
function forget(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // Nothing depends on it.
  }
}
