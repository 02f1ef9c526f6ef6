/**
 * What each record of a trace store is about, without its body: read from the beginning of each line, found through
 * the store's offset index. A hundred thousand records take a fraction of a second and some megabytes; afterwards only
 * what was appended is read.
 */
import { open } from 'node:fs/promises';
import * as z from 'zod';
import { countSchema } from '../base/counts.ts';
import { purposeSchema } from '../protocol.ts';
import { runKey } from './runDetails.ts';
import type { RunKey } from './runDetails.ts';
import { chunkBytes, dataFileOf, readAt, readBounds, segmentIndexes } from './traceRecords.ts';

const headSchema = z.object({
  step: z.string(),
  candidate: countSchema.nullable(),
  purpose: purposeSchema,
  example: countSchema,
  round: countSchema,
  /** The hash of the state it was made in. */
  state: z.string(),
});
export type TraceHead = z.infer<typeof headSchema>;

export interface HeadFilter {
  readonly step?: string | undefined;
  readonly purpose?: string | undefined;
  readonly candidate?: number | undefined;
  readonly example?: number | undefined;
}

/** More than the fields before the body take. */
const headBytes = 512;
const bodyMark = Buffer.from(',"outcome":');

export class TraceIndex {
  readonly #folder: string;
  readonly #heads: TraceHead[] = [];
  /** The latest record of each program run, and of a record the one before it of the same run of the same row. */
  readonly #latest = new Map<string, number>();
  readonly #earlier = new Map<number, number>();
  /** Records of a program run of which there is a later one. */
  readonly #replaced = new Set<number>();
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

  /**
   * Places of the records that match, in the order of appending. A run that goes on after a stop recalls what it did and
   * records it again: each program run is given once, by its latest record.
   */
  find(filter: HeadFilter): number[] {
    const places: number[] = [];
    for (const [place, head] of this.#heads.entries())
      if (!this.#replaced.has(place) && matches(head, filter)) places.push(place);
    return places;
  }

  /** The latest record of a program run, whatever the state; `null`: there is none. */
  latest(run: RunKey): number | null {
    return this.#latest.get(runKey(run)) ?? null;
  }

  findLast(filter: HeadFilter): number | null {
    const place = this.#heads.findLastIndex((head) => matches(head, filter));
    return place < 0 ? null : place;
  }

  /** Reads what was appended. Segments only grow at the end, so places stay. */
  async refresh(): Promise<void> {
    for (const index of await segmentIndexes(this.#folder)) {
      const known = this.#read.get(index) ?? 0;
      const heads = await readHeads(index, known);
      this.#read.set(index, known + heads.length);
      for (const head of heads) this.#add(head);
    }
  }

  #add(head: TraceHead): void {
    const place = this.#heads.push(head) - 1;
    const key = runKey(head);
    const before = this.#latest.get(key);
    this.#latest.set(key, place);
    if (before === undefined) return;
    this.#earlier.set(place, before);
    for (let at: number | undefined = before; at !== undefined; at = this.#earlier.get(at)) {
      if (this.#heads[at]!.state !== head.state) continue;
      this.#replaced.add(at);
      return;
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

async function readHeads(indexFile: string, known: number): Promise<TraceHead[]> {
  const starts = (await readBounds(indexFile, known)).slice(0, -1);
  if (starts.length === 0) return [];
  const data = await open(dataFileOf(indexFile), 'r');
  try {
    const heads: TraceHead[] = [];
    for (let first = 0; first < starts.length;) {
      let last = first;
      while (last + 1 < starts.length && starts[last + 1]! - starts[first]! < chunkBytes) last++;
      const length = starts[last]! - starts[first]!;
      if (length < 0 || length > chunkBytes) throw new Error(`${indexFile} is damaged`);
      const bytes = await readAt(data, starts[first]!, length + headBytes);
      for (let i = first; i <= last; i++) heads.push(parseHead(bytes, starts[i]! - starts[first]!));
      first = last + 1;
    }
    return heads;
  } finally {
    await data.close();
  }
}

function parseHead(bytes: Buffer, start: number): TraceHead {
  const window = bytes.subarray(start, start + headBytes);
  const end = window.indexOf(bodyMark);
  return headSchema.parse(JSON.parse(`${window.toString('utf8', 0, end < 0 ? window.length : end)}}`));
}
