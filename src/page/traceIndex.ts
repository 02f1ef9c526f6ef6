/**
 * What each record of a trace store is about, without its body: read from the beginning of each line, found through
 * the store's offset index. A hundred thousand records take a fraction of a second and some megabytes; afterwards only
 * what was appended is read.
 */
import { open, readdir } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { countSchema } from '../base/counts.ts';
import { isMissing } from '../base/errors.ts';
import { eventsAtMost } from '../base/limits.ts';
import { purposeSchema } from '../protocol.ts';

const headSchema = z.object({
  step: z.string(),
  candidate: countSchema.nullable(),
  purpose: purposeSchema,
  example: countSchema,
  round: countSchema,
});
export type TraceHead = z.infer<typeof headSchema>;

export interface HeadFilter {
  readonly step?: string | undefined;
  readonly purpose?: string | undefined;
  readonly candidate?: number | undefined;
  readonly example?: number | undefined;
}

const segmentName = /^\d{6}\.idx$/;
const entryBytes = 8;
/** More than the fields before the body take. */
const headBytes = 512;
const chunkBytes = 4 * 1024 * 1024;
const bodyMark = Buffer.from(',"outcome":');

export class TraceIndex {
  readonly #folder: string;
  readonly #heads: TraceHead[] = [];
  /** Records read of each segment, by name, in order. */
  readonly #read = new Map<string, number>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  get size(): number {
    return this.#heads.length;
  }

  head(index: number): TraceHead | undefined {
    return this.#heads[index];
  }

  /** Places of the records that match, in the order of appending. */
  find(filter: HeadFilter): number[] {
    const places: number[] = [];
    for (const [place, head] of this.#heads.entries()) if (matches(head, filter)) places.push(place);
    return places;
  }

  findLast(filter: HeadFilter): number | null {
    const place = this.#heads.findLastIndex((head) => matches(head, filter));
    return place < 0 ? null : place;
  }

  /** Reads what was appended. Segments only grow at the end, so places stay. */
  async refresh(): Promise<void> {
    for (const name of await segmentNames(this.#folder)) {
      const known = this.#read.get(name) ?? 0;
      const heads = await readHeads(join(this.#folder, name), known);
      this.#read.set(name, known + heads.length);
      for (const head of heads) this.#heads.push(head);
    }
  }
}

function matches(head: TraceHead, { step, purpose, candidate, example }: HeadFilter): boolean {
  return (
    (step === undefined || head.step === step) &&
    (purpose === undefined || head.purpose === purpose) &&
    (candidate === undefined || head.candidate === candidate) &&
    (example === undefined || head.example === example)
  );
}

async function segmentNames(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return names.filter((name) => segmentName.test(name)).sort();
}

async function readHeads(indexFile: string, known: number): Promise<TraceHead[]> {
  const starts = await readStarts(indexFile, known);
  if (starts.length === 0) return [];
  const data = await open(`${indexFile.slice(0, -'.idx'.length)}.jsonl`, 'r');
  try {
    const heads: TraceHead[] = [];
    for (let first = 0; first < starts.length;) {
      let last = first;
      while (last + 1 < starts.length && starts[last + 1]! - starts[first]! < chunkBytes) last++;
      const length = starts[last]! - starts[first]!;
      if (length < 0 || length > chunkBytes) throw new Error(`${indexFile} is damaged`);
      const bytes = await read(data, starts[first]!, length + headBytes);
      for (let i = first; i <= last; i++) heads.push(parseHead(bytes, starts[i]! - starts[first]!));
      first = last + 1;
    }
    return heads;
  } finally {
    await data.close();
  }
}

/** Where the records from number `known` on begin; entry i of the index is where record i ends. */
async function readStarts(indexFile: string, known: number): Promise<number[]> {
  const handle = await open(indexFile, 'r');
  try {
    // A torn last entry, left by a crash, is not a record.
    const records = Math.min(eventsAtMost, Math.floor((await handle.stat()).size / entryBytes));
    if (records <= known) return [];
    const from = Math.max(0, known - 1);
    const bytes = await read(handle, from * entryBytes, (records - from) * entryBytes);
    const ends = Array.from({ length: Math.floor(bytes.length / entryBytes) }, (_, i) =>
      Number(bytes.readBigUInt64LE(i * entryBytes)),
    );
    return known === 0 ? [0, ...ends.slice(0, -1)] : ends.slice(0, -1);
  } finally {
    await handle.close();
  }
}

async function read(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  while (at < length) {
    const { bytesRead } = await handle.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
}

function parseHead(bytes: Buffer, start: number): TraceHead {
  const window = bytes.subarray(start, start + headBytes);
  const end = window.indexOf(bodyMark);
  return headSchema.parse(JSON.parse(`${window.toString('utf8', 0, end < 0 ? window.length : end)}}`));
}
