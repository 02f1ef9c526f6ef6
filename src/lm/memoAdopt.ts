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
 * Puts what foreign segments hold into the user's own memo, where it has nothing under the key, and removes them. Of a key
 * that was written more than once the youngest value counts, as it did for its writer. Segments that belong to another user
 * of the machine stay, for them, as do those that a process may still write.
 *
 * @returns how many entries were taken over.
 */
export async function adoptMemo(folder: string): Promise<number> {
  const { foreign } = segmentsOf(folder);
  if (foreign.length === 0) return 0;
  const youngest = await youngestIn(foreign.map((name) => join(folder, name)));
  const memo = await openMemo(folder);
  let taken = 0;
  try {
    for (const name of foreign) {
      const file = join(folder, name);
      taken += await adoptSegment(file, youngest, memo);
      if (isOurs(file) && !mayBeWritten(folder, name)) rmSync(file, { force: true });
    }
  } finally {
    await memo.close();
  }
  return taken;
}

/** Where the youngest value of each key lies. */
type Youngest = ReadonlyMap<string, { readonly file: string; readonly end: number; readonly written: number }>;

async function youngestIn(files: readonly string[]): Promise<Youngest> {
  const youngest = new Map<string, { file: string; end: number; written: number }>();
  for (const file of files) {
    for await (const entries of entriesOf(file)) {
      for (const { key, written, end } of entries) {
        if (written >= (youngest.get(key)?.written ?? 0)) youngest.set(key, { file, end, written });
      }
    }
  }
  return youngest;
}

async function adoptSegment(file: string, youngest: Youngest, memo: Memo): Promise<number> {
  let taken = 0;
  for await (const entries of entriesOf(file)) {
    const puts: Promise<void>[] = [];
    for (const { key, value, end } of entries) {
      const place = youngest.get(key);
      if (place?.file !== file || place.end !== end || (await memo.get(key)) !== undefined) continue;
      puts.push(memo.put(key, value));
    }
    // Each write of the memo takes all that wait.
    await Promise.all(puts);
    taken += puts.length;
  }
  return taken;
}

/** The sound lines of a segment, some at a time; none of another person's that only they can read. */
async function* entriesOf(file: string): AsyncGenerator<readonly (MemoEntry & { readonly end: number })[]> {
  try {
    for await (const lines of linesOf(file, { lineBytes: lineBytesAtMost })) {
      yield lines.flatMap(({ bytes, end }) => {
        const entry = bytes === null ? null : entryIn(Buffer.concat([bytes, newline]));
        return entry === null ? [] : [{ ...entry, end }];
      });
    }
  } catch (error) {
    if (!isForbidden(error)) throw error;
  }
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
