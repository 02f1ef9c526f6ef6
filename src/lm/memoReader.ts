import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isMissing } from '../base/errors.ts';
import type { JsonValue } from '../base/json.ts';
import { lineBytesAtMost } from '../base/limits.ts';
import { sealAt } from '../home/seal.ts';
import type { Seal } from '../home/seal.ts';
import { headerBytes, isMemoKey, lengthIn, readLine } from './memoLine.ts';
import type { MemoEntry } from './memoLine.ts';
import { listSegments } from './memoSegments.ts';
import { isForbidden } from './memoWriter.ts';

/** Lines of a segment: where each begins, and the first 32 bits of its key. */
interface SegmentLines {
  /** Bytes read so far, up to the end of a whole line. */
  scanned: number;
  count: number;
  heads: Uint32Array;
  starts: Float64Array;
}

const chunkBytes = 4 << 20;
const newline = 10;
const headHex = 8;

/**
 * Looks single entries of a memo up without opening it: for showing a run without writing. Opening a
 * memo (`openMemo`) checks every line of it, which for the memo of a large run takes longer than people wait; here only
 * the beginnings of lines are noted, and a line is checked when it is read.
 *
 * Makes no folder, keeps no file open, and lets others run between two pieces that it reads.
 */
export class MemoReader {
  readonly #folder: string;
  readonly #seal: Seal | null;
  readonly #segments = new Map<string, SegmentLines>();
  #scan: Promise<void> | null = null;

  /** @param seal that entries must bear; `null`: those that came with the folder are shown too. */
  constructor(folder: string, seal: Seal | null = sealAt(folder)) {
    this.#folder = folder;
    this.#seal = seal;
  }

  /**
   * The value put last under `key`, or `undefined`. For a key that is not known yet it is looked whether anybody has put
   * it meanwhile.
   */
  async get(key: string): Promise<JsonValue | undefined> {
    if (!isMemoKey(key)) return undefined;
    const known = await this.#find(key);
    if (known !== undefined) return known.value;
    await this.#refresh();
    return (await this.#find(key))?.value;
  }

  async #find(key: string): Promise<MemoEntry | undefined> {
    const head = Number.parseInt(key.slice(0, headHex), 16);
    let youngest: MemoEntry | undefined;
    for (const [name, { count, heads, starts }] of this.#segments) {
      const places = placesOf(head, heads, count).map((place) => starts[place]!);
      for (const entry of places.length === 0 ? [] : await this.#read(name, places)) {
        if (entry.key === key && (youngest === undefined || entry.written >= youngest.written)) youngest = entry;
      }
    }
    return youngest;
  }

  #read(segment: string, starts: readonly number[]): Promise<readonly MemoEntry[]> {
    return readEntries(join(this.#folder, segment), starts, this.#seal);
  }

  /** Reads what was appended. Those who ask while it is done wait for the same. */
  #refresh(): Promise<void> {
    this.#scan ??= this.#scanAll().finally(() => {
      this.#scan = null;
    });
    return this.#scan;
  }

  async #scanAll(): Promise<void> {
    const names = existsSync(this.#folder) ? listSegments(this.#folder) : [];
    for (const name of this.#segments.keys()) if (!names.includes(name)) this.#segments.delete(name);
    for (const name of names) {
      const lines = this.#segments.get(name) ?? noLines();
      this.#segments.set(name, lines);
      await withFile(join(this.#folder, name), (file) => scan(file, lines));
    }
  }
}

const noLines = (): SegmentLines => ({
  scanned: 0,
  count: 0,
  heads: new Uint32Array(1024),
  starts: new Float64Array(1024),
});

/** Places in `heads` that hold `head`: nearly always none or one. */
function placesOf(head: number, heads: Uint32Array, count: number): number[] {
  const places: number[] = [];
  for (let at = heads.indexOf(head); at >= 0 && at < count; at = heads.indexOf(head, at + 1)) places.push(at);
  return places;
}

/** Whole lines only: what follows the last newline is still being written, or was torn when its writer died. */
async function scan(file: FileHandle, lines: SegmentLines): Promise<void> {
  const { size } = await file.stat();
  let buffer = Buffer.allocUnsafe(Math.min(chunkBytes, Math.max(0, size - lines.scanned)));
  while (lines.scanned < size) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, lines.scanned);
    const end = buffer.subarray(0, bytesRead).lastIndexOf(newline);
    if (end < 0) {
      if (bytesRead === 0 || lines.scanned + bytesRead >= size) return;
      if (buffer.length < lineBytesAtMost) buffer = Buffer.allocUnsafe(buffer.length * 2);
      // No entry is as long: what follows the next newline is one again.
      else lines.scanned += bytesRead;
      continue;
    }
    for (let start = 0; start <= end;) {
      const next = buffer.indexOf(newline, start) + 1;
      if (next - start > headerBytes) note(lines, headAt(buffer, start), lines.scanned + start);
      start = next;
    }
    lines.scanned += end + 1;
  }
}

function note(lines: SegmentLines, head: number, start: number): void {
  if (lines.count === lines.heads.length) {
    const [heads, starts] = [new Uint32Array(2 * lines.count), new Float64Array(2 * lines.count)];
    heads.set(lines.heads);
    starts.set(lines.starts);
    Object.assign(lines, { heads, starts });
  }
  lines.heads[lines.count] = head;
  lines.starts[lines.count++] = start;
}

/** The first 32 bits of the key; of a line that is not an entry, some number. */
function headAt(buffer: Buffer, start: number): number {
  let head = 0;
  for (let i = start; i < start + headHex; i++) {
    const digit = buffer[i]!;
    head = head * 16 + (digit <= 57 ? digit - 48 : digit - 87);
  }
  return head;
}

/** The entries whose lines begin there, those that are sound. */
async function readEntries(file: string, starts: readonly number[], seal: Seal | null): Promise<readonly MemoEntry[]> {
  const entries: MemoEntry[] = [];
  await withFile(file, async (handle) => {
    const { size } = await handle.stat();
    for (const start of starts) {
      const bytes = headerBytes + lengthIn(await read(handle, start, headerBytes)) + 1;
      // A damaged header can name any length.
      const fits = bytes <= lineBytesAtMost && start + bytes <= size;
      const entry = fits ? readLine(await read(handle, start, bytes), seal) : null;
      if (entry !== null) entries.push(entry);
    }
  });
  return entries;
}

async function read(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/** Does nothing where the file is gone, which another process has pruned, or is another person's alone. */
async function withFile(file: string, use: (handle: FileHandle) => Promise<void>): Promise<void> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    if (isMissing(error) || isForbidden(error)) return null;
    throw error;
  });
  if (handle === null) return;
  try {
    await use(handle);
  } finally {
    await handle.close();
  }
}
