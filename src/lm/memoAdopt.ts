/** Takes remembered answers of others over: of an earlier version, of another person, of before the secret was lost. */
import { createReadStream, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openMemo } from './memo.ts';
import type { Memo } from './memo.ts';
import { readLine, readUnsealedLine } from './memoLine.ts';
import { segmentsOf } from './memoPrune.ts';
import { isForbidden, isOurs, mayBeWritten } from './memoSegments.ts';

const newline = 10;

/** Entries that are put at once: each write of the memo takes all that wait. */
const atOnce = 1000;

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
  let puts: Promise<void>[] = [];
  for await (const line of linesOf(file)) {
    const entry = readUnsealedLine(line) ?? readLine(line, null);
    if (entry === null || (await memo.get(entry.key)) !== undefined) continue;
    puts.push(memo.put(entry.key, entry.value));
    taken++;
    if (puts.length < atOnce) continue;
    await Promise.all(puts);
    puts = [];
  }
  await Promise.all(puts);
  return taken;
}

/** Whole lines with their newline; what follows the last one is no entry. */
async function* linesOf(file: string): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const piece = chunk.subarray(start, end + 1);
      yield rest.length === 0 ? piece : Buffer.concat([...rest, piece]);
      rest = [];
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  }
}
