/** Takes remembered answers of others over: of an earlier version, of another person, of before the secret was lost. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { lineBytesAtMost } from '../base/limits.ts';
import { linesOf } from '../base/lines.ts';
import { nestsDeeper } from '../base/nesting.ts';
import { openMemo } from './memo.ts';
import type { Memo } from './memo.ts';
import { readLine, readUnsealedLine } from './memoLine.ts';
import type { MemoEntry } from './memoLine.ts';
import { segmentsOf } from './memoPrune.ts';
import { mayBeWritten } from './memoSegments.ts';
import { isForbidden, isOurs } from './memoWriter.ts';

const newline = Buffer.from('\n');

/**
 * Puts what foreign segments hold into the user's own memo, where it has nothing under the key, and removes them. Those
 * that belong to another user of the machine stay, for them, as do those that a process may still write.
 *
 * @returns how many entries were taken over.
 */
export async function adoptMemo(folder: string): Promise<number> {
  const { foreign } = segmentsOf(folder);
  if (foreign.length === 0) return 0;
  const memo = await openMemo(folder);
  let taken = 0;
  try {
    for (const name of foreign) {
      const file = join(folder, name);
      taken += await adoptSegment(file, memo).catch(noneIfForbidden);
      if (isOurs(file) && !mayBeWritten(folder, name)) rmSync(file, { force: true });
    }
  } finally {
    await memo.close();
  }
  return taken;
}

/** Another person's segment that only they can read. */
function noneIfForbidden(error: unknown): number {
  if (isForbidden(error)) return 0;
  throw error;
}

async function adoptSegment(file: string, memo: Memo): Promise<number> {
  let taken = 0;
  for await (const lines of linesOf(file, { lineBytes: lineBytesAtMost })) {
    const puts: Promise<void>[] = [];
    for (const { bytes } of lines) {
      const entry = bytes === null ? null : entryIn(Buffer.concat([bytes, newline]));
      if (entry === null || (await memo.get(entry.key)) !== undefined) continue;
      puts.push(memo.put(entry.key, entry.value));
    }
    // Each write of the memo takes all that wait.
    await Promise.all(puts);
    taken += puts.length;
  }
  return taken;
}

/** Of any writer; `null` for what is not an entry. */
function entryIn(line: Buffer): MemoEntry | null {
  if (nestsDeeper(line.toString('utf8', line.indexOf('{')))) return null;
  try {
    return readUnsealedLine(line) ?? readLine(line, null);
  } catch {
    // Its checksum is right and its JSON is not: it is not ours.
    return null;
  }
}
