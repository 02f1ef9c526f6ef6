import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { HumanError, messageOf } from '../base/errors.ts';
import { sealAt } from '../home/seal.ts';
import { listSegments, mayBeWritten } from './memoSegments.ts';
import { isOurs, writerOf } from './memoWriter.ts';

export interface MemoSize {
  readonly segments: number;
  readonly bytes: number;
}

/** What this user's memo in `folder` takes on disk. A folder that is not there takes nothing. */
export function memoSize(folder: string): MemoSize {
  return sizeOf(folder, segmentsOf(folder).own);
}

/** The segments of others: of another person, another machine, an earlier version. */
export function foreignMemoSize(folder: string): MemoSize {
  return sizeOf(folder, segmentsOf(folder).foreign);
}

/** Those of them that lie here as the user's own files: after an upgrade, say. They are not used until taken over. */
export function unusedMemoSize(folder: string): MemoSize {
  return sizeOf(
    folder,
    segmentsOf(folder).foreign.filter((name) => isOurs(join(folder, name))),
  );
}

function sizeOf(folder: string, names: readonly string[]): MemoSize {
  return { segments: names.length, bytes: names.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0) };
}

export interface PruneOptions {
  /** Only segments written to last before this time (ms since 1970). Default: all. */
  readonly before?: number;
}

/** Segments by whether they are this user's. */
export function segmentsOf(folder: string): { readonly own: readonly string[]; readonly foreign: readonly string[] } {
  const names = existsSync(folder) ? listSegments(folder) : [];
  const own = new Set(names.filter((name) => isOwn(join(folder, name))));
  return { own: [...own], foreign: names.filter((name) => !own.has(name)) };
}

/** An empty one is somebody's who had not begun. */
function isOwn(file: string): boolean {
  return statSync(file).size === 0 || writerOf(file, sealAt(file)) === 'own';
}

/**
 * Deletes this user's segments, and with them what they remember, except those of processes that still write. What is
 * deleted is paid for again when it is asked for again.
 * @returns what was deleted, and what was left to living writers.
 * @throws HumanError naming the file that cannot be deleted.
 */
export function pruneMemo(
  folder: string,
  options: PruneOptions = {},
): { readonly deleted: MemoSize; readonly inUse: number } {
  const deleted = { segments: 0, bytes: 0 };
  let inUse = 0;
  for (const name of segmentsOf(folder).own) {
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
