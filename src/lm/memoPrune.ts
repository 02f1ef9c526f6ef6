import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { HumanError, messageOf } from '../data/errors.ts';
import { listSegments, mayBeWritten } from './memoSegments.ts';

export interface MemoSize {
  readonly segments: number;
  readonly bytes: number;
}

/** What the memo in `folder` takes on disk. A folder that is not there takes nothing. */
export function memoSize(folder: string): MemoSize {
  const names = existsSync(folder) ? listSegments(folder) : [];
  return { segments: names.length, bytes: names.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0) };
}

export interface PruneOptions {
  /** Only segments written to last before this time (ms since 1970). Default: all. */
  readonly before?: number;
}

/**
 * Deletes segments, and with them what they remember, except those of processes that still write. What is deleted is
 * paid for again when it is asked for again.
 * @returns what was deleted, and what was left to living writers.
 * @throws HumanError naming the file that cannot be deleted.
 */
export function pruneMemo(
  folder: string,
  options: PruneOptions = {},
): { readonly deleted: MemoSize; readonly inUse: number } {
  const deleted = { segments: 0, bytes: 0 };
  let inUse = 0;
  for (const name of existsSync(folder) ? listSegments(folder) : []) {
    const file = join(folder, name);
    const { mtimeMs, size } = statSync(file);
    if (options.before !== undefined && mtimeMs >= options.before) continue;
    if (mayBeWritten(folder, name)) {
      inUse++;
      continue;
    }
    try {
      rmSync(file);
    } catch (error) {
      throw new HumanError(`Cannot delete ${file}: ${messageOf(error)}. Close what uses it and prune again.`, {
        cause: error,
      });
    }
    deleted.segments++;
    deleted.bytes += size;
  }
  return { deleted, inUse };
}
