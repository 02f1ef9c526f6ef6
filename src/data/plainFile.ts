/** Files that somebody else may have put there: links are not followed, and pipes and devices not opened. */
import { constants, lstatSync, readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { UsageError, codeOf, isMissing } from './errors.ts';

/** Flags on top of the usual ones: a link is refused (`ELOOP`), a pipe without a writer does not hold up the process. */
export const noLink = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Bytes of a record that is read whole: what a program with thousands of long demos takes, and no more. */
const mostBytes = 256 * 2 ** 20;

/**
 * The text of a file; `null` where there is none.
 *
 * @throws UsageError when it is a link, no plain file, or larger than `most` bytes; what the file system says else.
 */
export async function readPlainFile(file: string, most = mostBytes): Promise<string | null> {
  const handle = await open(file, constants.O_RDONLY | noLink).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw codeOf(error) === 'ELOOP' ? linkError(file) : error;
  });
  if (handle === null) return null;
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new UsageError(`${file} is no plain file. Remove it.`);
    if (found.size > most) {
      throw new UsageError(`${file} has ${found.size} bytes, and at most ${most} are read. Remove it.`);
    }
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

/**
 * Checks that `folder` and all between it and `around` are folders, or not there yet: through a link, what is written
 * or removed would lie elsewhere.
 *
 * @throws UsageError naming the link.
 */
export function checkNoLinks(folder: string, around: string): void {
  let path = around;
  for (const part of relative(around, folder).split(sep)) {
    path = join(path, part);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found?.isSymbolicLink() === true) throw linkError(path);
  }
}

/** Checks that all in `folder`, at any depth, is a plain file or a folder. @throws UsageError naming what is not. */
export function checkPlain(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) throw linkError(path);
    if (!entry.isFile() && !entry.isDirectory()) throw new UsageError(`${path} is no plain file. Remove it.`);
  }
}

function linkError(path: string): UsageError {
  return new UsageError(
    `${path} is a link, and links are not followed here: anyone could have committed it. Put a real file or folder in ` +
      'its place (a bind mount, where it shall lie on another disk).',
  );
}
