/**
 * Program runs for the trace viewer: `traces/000001.jsonl`, a record a line, with `000001.idx` beside it, the byte
 * offset of each record's end as 8 bytes. Memory is flat in the number of records, and any one of them is two reads.
 */
import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { HumanError, isMissing } from '../../base/errors.ts';
import { lineBytesAtMost } from '../../base/limits.ts';
import type { TraceRecord } from '../../engine/interfaces.ts';
import { cannotWrite } from './diskError.ts';
import { writeAll } from './eventLog.ts';

const entryBytes = 8;
const bufferBytes = 256 * 1024;
const flushMs = 250;
const segmentName = /^(\d{6})\.idx$/;

interface Segment {
  readonly number: number;
  readonly data: number;
  readonly index: number;
}

/** Appends records. One writer at a time: hold the run's lock. Every writer begins a segment of its own. */
export class TraceStore {
  readonly #folder: string;
  readonly #segmentBytes: number;
  #segment: Segment | undefined;
  #end = 0;
  #lines: string[] = [];
  #ends: number[] = [];
  #buffered = 0;
  #timer: NodeJS.Timeout | undefined;
  #failure: unknown;

  constructor(folder: string, segmentBytes = 64 * 1024 * 1024) {
    this.#folder = folder;
    this.#segmentBytes = segmentBytes;
  }

  /** @throws HumanError when the disk does not take it. */
  append(record: TraceRecord): void {
    if (this.#failure !== undefined) throw cannotWrite(this.#folder, this.#failure);
    const line = `${JSON.stringify(record)}\n`;
    const length = Buffer.byteLength(line);
    this.#end += length;
    this.#buffered += length;
    this.#lines.push(line);
    this.#ends.push(this.#end);
    if (this.#buffered >= bufferBytes) this.flush();
    else this.#timer ??= setTimeout(() => this.#flushLater(), flushMs).unref();
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length === 0) return;
    try {
      this.#segment ??= openSegment(this.#folder);
      // Data first: an index entry never points at what is not there.
      writeAll(this.#segment.data, Buffer.from(this.#lines.join('')));
      writeAll(this.#segment.index, encode(this.#ends));
    } catch (error) {
      this.#failure = error;
      throw cannotWrite(this.#folder, error);
    }
    this.#lines = [];
    this.#ends = [];
    this.#buffered = 0;
    if (this.#end >= this.#segmentBytes) this.#closeSegment();
  }

  close(): void {
    try {
      if (this.#failure === undefined) this.flush();
    } finally {
      this.#failure = new Error('the traces are closed');
      clearTimeout(this.#timer);
      this.#closeSegment();
    }
  }

  #closeSegment(): void {
    if (this.#segment === undefined) return;
    closeSync(this.#segment.data);
    closeSync(this.#segment.index);
    this.#segment = undefined;
    this.#end = 0;
  }

  #flushLater(): void {
    try {
      this.flush();
    } catch {
      return; // Kept in #failure: the next append throws it.
    }
  }
}

/**
 * Record `index`, from 0 in the order of appending, unchecked; `undefined` beyond the last.
 *
 * @param longest bytes; a record that takes more is `undefined` too.
 */
export function readTrace(folder: string, index: number, longest = Infinity): unknown {
  let place = index;
  for (const { name, records } of segments(folder)) {
    if (place < records) return readRecord(join(folder, name), place, longest);
    place -= records;
  }
  return undefined;
}

function readRecord(base: string, place: number, longest: number): unknown {
  const from = place === 0 ? 0 : readEntry(`${base}.idx`, place - 1);
  const to = readEntry(`${base}.idx`, place);
  if (to - from < 0 || to - from > lineBytesAtMost)
    throw new HumanError(`${base}.idx is damaged: record ${place} cannot be as long.`);
  if (to - from > longest) return undefined;
  const line = readBytes(`${base}.jsonl`, from, to - from);
  return JSON.parse(line.toString('utf8'));
}

function readEntry(file: string, place: number): number {
  return Number(readBytes(file, place * entryBytes, entryBytes).readBigUInt64LE());
}

function readBytes(file: string, from: number, length: number): Buffer {
  const fd = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(length);
    for (let at = 0; at < length;) {
      const read = readSync(fd, bytes, at, length - at, from + at);
      if (read === 0) throw new HumanError(`${file} is shorter than its index says; the record is lost.`);
      at += read;
    }
    return bytes;
  } finally {
    closeSync(fd);
  }
}

function segments(folder: string): { readonly name: string; readonly records: number }[] {
  return segmentNumbers(folder).map((number) => {
    const name = segmentBase(number);
    // A torn last entry, left by a crash, is not counted.
    return { name, records: Math.floor(statSync(join(folder, `${name}.idx`)).size / entryBytes) };
  });
}

function segmentNumbers(folder: string): number[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  return names.flatMap((name) => (segmentName.test(name) ? [Number(name.slice(0, 6))] : [])).sort((a, b) => a - b);
}

function openSegment(folder: string): Segment {
  mkdirSync(folder, { recursive: true });
  const number = (segmentNumbers(folder).at(-1) ?? 0) + 1;
  const base = join(folder, segmentBase(number));
  const data = openSync(`${base}.jsonl`, 'w');
  const index = openSync(`${base}.idx`, 'wx');
  if (fstatSync(index).size !== 0) throw new Error(`${base}.idx is in use.`);
  return { number, data, index };
}

const segmentBase = (number: number): string => String(number).padStart(6, '0');

function encode(ends: readonly number[]): Buffer {
  const bytes = Buffer.alloc(ends.length * entryBytes);
  ends.forEach((end, i) => bytes.writeBigUInt64LE(BigInt(end), i * entryBytes));
  return bytes;
}
