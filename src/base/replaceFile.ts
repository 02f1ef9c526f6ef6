import { randomUUID } from 'node:crypto';
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { flush, flushSync, renameOver, renameOverSync } from './fileSystems.ts';

/**
 * Replaces a file as a whole: a reader finds the old content or the new, also after a crash or on a full disk.
 * The package `write-file-atomic` takes a write that was cut short by a full disk for a whole one, and puts half a file
 * in its place.
 *
 * @param mode of the new file; left out: what the umask makes of 0666.
 * @throws what the file system says; the file is then as it was.
 */
export async function replaceFile(file: string, content: string | Uint8Array, mode?: number): Promise<void> {
  const draft = draftOf(file);
  try {
    const handle = await open(draft, 'w', mode);
    try {
      await handle.writeFile(content);
      await flush(handle);
    } finally {
      await handle.close();
    }
    await renameOver(draft, file);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** The same where nothing may happen meanwhile. */
export function replaceFileSync(file: string, content: string | Uint8Array): void {
  const draft = draftOf(file);
  try {
    const fd = openSync(draft, 'w');
    try {
      writeFileSync(fd, content);
      flushSync(fd);
    } finally {
      closeSync(fd);
    }
    renameOverSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

const draftOf = (file: string): string => `${file}.${randomUUID()}.tmp`;
