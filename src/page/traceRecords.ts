/**
 * Reads the trace store in large pieces: where the records of each segment are, and many records in one pass. For one
 * record there is `readTrace`.
 */
import { open, readdir } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../base/errors.ts';
import { eventsAtMost, lineBytesAtMost } from '../base/limits.ts';

const segmentName = /^\d{6}\.idx$/;
const entryBytes = 8;
/** Bytes that are read at once, unless one record takes more. */
export const chunkBytes = 4 * 1024 * 1024;

/** Index files of the store, absolute, in the order of its records. */
export async function segmentIndexes(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const indexes = names.filter((name) => segmentName.test(name)).sort();
  return indexes.map((name) => join(folder, name));
}

/** The file with the records that an index tells the places of. */
export const dataFileOf = (indexFile: string): string => `${indexFile.slice(0, -'.idx'.length)}.jsonl`;

/**
 * Where records begin and end in their segment, from number `known` of it on: one more entry than there are records;
 * none where there is none.
 */
export async function readBounds(indexFile: string, known: number): Promise<number[]> {
  const handle = await open(indexFile, 'r');
  try {
    // A torn last entry, left by a crash, is not a record.
    const records = Math.min(eventsAtMost, Math.floor((await handle.stat()).size / entryBytes));
    if (records <= known) return [];
    const from = Math.max(0, known - 1);
    const bytes = await readAt(handle, from * entryBytes, (records - from) * entryBytes);
    const ends = Array.from({ length: Math.floor(bytes.length / entryBytes) }, (_, i) =>
      Number(bytes.readBigUInt64LE(i * entryBytes)),
    );
    return known === 0 ? [0, ...ends] : ends;
  } finally {
    await handle.close();
  }
}

/** Fewer bytes than asked for at the end of the file. */
export async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  while (at < length) {
    const { bytesRead } = await handle.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
}

/**
 * Hands over the records in these places, as JSON in UTF-8. Between pieces other work gets its turn.
 *
 * @param places ascending, from 0 in the order of appending; beyond the last there is nothing.
 * @throws the reason of the signal, where that ends it between two pieces.
 */
export async function visitRecords(
  folder: string,
  places: readonly number[],
  visit: (place: number, line: Buffer) => void,
  signal?: AbortSignal,
): Promise<void> {
  let first = 0;
  let next = 0;
  for (const index of await segmentIndexes(folder)) {
    if (next >= places.length) return;
    const bounds = await readBounds(index, 0);
    const records = Math.max(0, bounds.length - 1);
    const from = next;
    while (next < places.length && places[next]! < first + records) next++;
    const wanted = places.slice(from, next).map((place) => place - first);
    const before = first;
    const visitOwn = (place: number, line: Buffer): void => visit(before + place, line);
    if (wanted.length > 0) await visitSegment(index, bounds, wanted, visitOwn, signal);
    first += records;
  }
}

async function visitSegment(
  index: string,
  bounds: readonly number[],
  wanted: readonly number[],
  visit: (place: number, line: Buffer) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const data = await open(dataFileOf(index), 'r');
  try {
    for (let first = 0; first < wanted.length;) {
      const begin = bounds[wanted[first]!]!;
      const endOf = (at: number): number => bounds[wanted[at]! + 1]!;
      let last = first;
      while (last + 1 < wanted.length && endOf(last + 1) - begin < chunkBytes) last++;
      const length = endOf(last) - begin;
      if (length < 0 || length > Math.max(chunkBytes, lineBytesAtMost)) throw new Error(`${index} is damaged`);
      signal?.throwIfAborted();
      const bytes = await readAt(data, begin, length);
      for (const place of wanted.slice(first, last + 1))
        visit(place, bytes.subarray(bounds[place]! - begin, bounds[place + 1]! - begin));
      first = last + 1;
    }
  } finally {
    await data.close();
  }
}
