import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { codeOf, isMissing } from '../base/errors.ts';
import { lineBytesAtMost } from '../base/limits.ts';
import type { Seal } from '../home/seal.ts';
import { checkLine, headerBytes, type LineHeader } from './memoLine.ts';
import { checkSegmentNumber, type Place } from './memoIndex.ts';
import { isForbidden, writerOf } from './memoWriter.ts';

/** A segment file; `number` is its name within this process. */
export interface Segment {
  readonly number: number;
  readonly file: string;
  /** Bytes read so far, up to the end of a whole line. */
  scanned: number;
}

const suffix = '.memo';
const chunkBytes = 1 << 20;
const openFilesAtMost = 64;

/** `<time>-<host>-<pid>-<random>.memo`: names sort by age and say who writes. */
export function newSegmentName(): string {
  const random = randomBytes(4).toString('hex');
  return `${Date.now().toString(36).padStart(9, '0')}-${thisHost()}-${process.pid}-${random}${suffix}`;
}

export function listSegments(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(suffix))
    .map(({ name }) => name)
    .sort();
}

/** Whether the process that writes a segment may still live. Of other machines only the file's age is known. */
export function mayBeWritten(folder: string, name: string): boolean {
  const [, host, pid] = name.split('-');
  if (host !== thisHost()) return Date.now() - statSync(join(folder, name)).mtimeMs < 24 * 3600 * 1000;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function thisHost(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
}

/** This user's segments of a folder as this process knows them, with a bounded number of open files. */
export class Segments {
  readonly #folder: string;
  readonly #seal: Seal;
  readonly #byName = new Map<string, Segment>();
  readonly #byNumber: Segment[] = [];
  /** Of others: nothing in them is ever looked at. */
  readonly #foreign = new Set<string>();
  /** Bytes of those that do not say yet whose they are. */
  readonly #undecided = new Map<string, number>();
  /** Open files, least recently used first. */
  readonly #files = new Map<number, number>();

  constructor(folder: string, seal: Seal) {
    this.#folder = folder;
    this.#seal = seal;
  }

  /** A segment that this process writes itself. */
  own(name: string): Segment {
    return this.#byName.get(name) ?? this.#know(name);
  }

  /** Reads what other processes of this user have appended since the last call. */
  refresh(own: Segment | null, found: (header: LineHeader, place: Place) => void): void {
    for (const name of listSegments(this.#folder)) {
      const segment = this.#byName.get(name) ?? this.#meet(name);
      if (segment !== null && segment !== own) this.#scan(segment, found);
    }
  }

  /** The line at `place`, newline included; `null` where the segment is gone or shorter. */
  readBytes(place: Place, length = headerBytes + place.length + 1): Buffer | null {
    const file = this.#open(this.#byNumber[place.segment - 1]!);
    if (file === null) return null;
    const buffer = Buffer.allocUnsafe(length);
    return readSync(file, buffer, 0, length, place.offset) === length ? buffer : null;
  }

  close(): void {
    for (const file of this.#files.values()) closeSync(file);
    this.#files.clear();
  }

  /** One that this process has not read before; `null`: it is not this user's, as far as it says. */
  #meet(name: string): Segment | null {
    if (this.#foreign.has(name)) return null;
    const file = join(this.#folder, name);
    const size = sizeOf(file);
    if (size === (this.#undecided.get(name) ?? 0)) return null;
    const writer = writerOf(file, this.#seal);
    if (writer === 'own') return this.#know(name);
    if (writer === 'foreign') this.#foreign.add(name);
    else this.#undecided.set(name, size);
    return null;
  }

  #know(name: string): Segment {
    const segment = { number: this.#byNumber.length + 1, file: join(this.#folder, name), scanned: 0 };
    checkSegmentNumber(segment.number, this.#folder);
    this.#byName.set(name, segment);
    this.#byNumber.push(segment);
    return segment;
  }

  /**
   * Whole lines only: what follows the last newline is either still being written, or was torn when its writer died,
   * and then stays so for ever.
   */
  #scan(segment: Segment, found: (header: LineHeader, place: Place) => void): void {
    const file = sizeOf(segment.file) > segment.scanned ? this.#open(segment) : null;
    if (file === null) return;
    const size = fstatSync(file).size;
    let buffer = Buffer.allocUnsafe(Math.min(chunkBytes, size - segment.scanned));
    while (segment.scanned < size) {
      const read = readSync(file, buffer, 0, buffer.length, segment.scanned);
      const end = buffer.subarray(0, read).lastIndexOf(10);
      if (end < 0) {
        if (segment.scanned + read >= size || read === 0) return;
        if (buffer.length < lineBytesAtMost) buffer = Buffer.allocUnsafe(buffer.length * 2);
        // No entry is as long: what follows the next newline is one again.
        else segment.scanned += read;
        continue;
      }
      scanLines(buffer, end, segment, found);
      segment.scanned += end + 1;
    }
  }

  #open(segment: Segment): number | null {
    const { number } = segment;
    let file = this.#files.get(number);
    if (file === undefined) {
      try {
        file = openSync(segment.file, 'r');
      } catch (error) {
        // Another process has pruned it, or another person keeps it to themselves.
        if (isMissing(error) || isForbidden(error)) return null;
        throw error;
      }
    }
    this.#files.delete(number);
    this.#files.set(number, file);
    if (this.#files.size > openFilesAtMost) {
      const [oldest, oldFile] = this.#files.entries().next().value!;
      this.#files.delete(oldest);
      closeSync(oldFile);
    }
    return file;
  }
}

function scanLines(
  buffer: Buffer,
  end: number,
  segment: Segment,
  found: (header: LineHeader, place: Place) => void,
): void {
  for (let start = 0; start <= end;) {
    const newline = buffer.indexOf(10, start);
    const header = checkLine(buffer, start, newline);
    if (header !== null) {
      found(header, { segment: segment.number, offset: segment.scanned + start, length: header.length });
    }
    start = newline + 1;
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
