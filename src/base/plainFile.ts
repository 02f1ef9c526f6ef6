/** Files that another user may have put there: links are not followed, and pipes and devices not opened. */
import { constants, lstatSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { readBounded, readBoundedSync } from './boundedFile.ts';
import { UsageError, codeOf, isMissing } from './errors.ts';

/** Flags on top of the usual ones: a link is refused (`ELOOP`), a pipe without a writer does not hold up the process. */
export const noLink = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * The text of a file; `null` where there is none.
 *
 * @throws UsageError when it is a link; else as `readBounded`.
 */
export async function readPlainFile(file: string, bytesAtMost?: number): Promise<string | null> {
  try {
    return (await readBounded(file, bytesAtMost, constants.O_RDONLY | noLink)).toString('utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw codeOf(error) === 'ELOOP' ? linkError(file) : error;
  }
}

/** The same at once. @throws what the file system says, also where there is none; HumanError as `readBounded`. */
export function readPlainFileSync(file: string, bytesAtMost: number): string {
  return readBoundedSync(file, bytesAtMost, constants.O_RDONLY | noLink).toString('utf8');
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
