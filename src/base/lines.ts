/**
 * Files of lines, read piece by piece: neither the file nor a line in it has to fit into memory. What comes after the
 * last newline is being written, or was torn when its writer died; the reader decides what it means.
 */
import { openSync, closeSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { isMissing } from './errors.ts';
import { lineBytesAtMost } from './limits.ts';

export interface Line {
  /** Without its newline; `null` where it is longer than is taken. */
  readonly bytes: Buffer | null;
  /** Where it begins, and where the one after it does: bytes from the file's start. */
  readonly start: number;
  readonly end: number;
}

export interface LineOptions {
  /** Where to begin, bytes. Default 0. */
  readonly from?: number;
  /** Bytes of one line. Default 64 MiB. */
  readonly lineBytes?: number;
  /** Bytes read at a time. Default 1 MiB. */
  readonly chunkBytes?: number;
  /** Whether `\r` ends a line too, as in bars that redraw themselves. */
  readonly carriageReturns?: boolean;
}

const newline = 0x0a;
const carriageReturn = 0x0d;
const usualChunk = 2 ** 20;

/** Cuts chunks, of any size, into lines. */
export class LineSplitter {
  readonly #lineBytes: number;
  readonly #carriageReturns: boolean;
  #begun: Buffer[] = [];
  #begunBytes = 0;
  #start: number;
  #at: number;
  /** Where the next newline of the chunk is: looked for once, however many `\r` come before it. */
  #newline = -1;

  constructor({ from = 0, lineBytes = lineBytesAtMost, carriageReturns = false }: LineOptions = {}) {
    this.#start = this.#at = from;
    this.#lineBytes = lineBytes;
    this.#carriageReturns = carriageReturns;
  }

  /** The lines that end in the chunk. Their bytes may lie in it: they are good until it is filled again. */
  split(chunk: Buffer): Line[] {
    const lines: Line[] = [];
    this.#newline = chunk.indexOf(newline);
    for (let from = 0; from < chunk.length;) {
      const end = this.#endIn(chunk, from);
      this.#begin(chunk.subarray(from, end < 0 ? chunk.length : end));
      if (end < 0) {
        this.#at += chunk.length - from;
        break;
      }
      this.#at += end + 1 - from;
      lines.push(this.#take());
      from = end + 1;
    }
    // What is begun is finished in a later chunk, by when this one may be filled again.
    if (this.#begun.length > 0) this.#begun.push(Buffer.from(this.#begun.pop()!));
    return lines;
  }

  /** What was begun is longer than a line can be. */
  get isTooLong(): boolean {
    return this.#begunBytes > this.#lineBytes;
  }

  /** What comes after the last newline; `null` where nothing does. */
  rest(): Line | null {
    return this.#begunBytes === 0 ? null : this.#take();
  }

  #endIn(chunk: Buffer, from: number): number {
    if (this.#newline >= 0 && this.#newline < from) this.#newline = chunk.indexOf(newline, from);
    const end = this.#newline;
    if (!this.#carriageReturns) return end;
    const other = chunk.subarray(0, end < 0 ? chunk.length : end).indexOf(carriageReturn, from);
    return other < 0 ? end : other;
  }

  #begin(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#begunBytes += piece.length;
    if (this.#begunBytes <= this.#lineBytes) this.#begun.push(piece);
    else this.#begun = [];
  }

  #take(): Line {
    const bytes = this.#begunBytes > this.#lineBytes ? null : joined(this.#begun);
    const line = { bytes, start: this.#start, end: this.#at };
    this.#begun = [];
    this.#begunBytes = 0;
    this.#start = this.#at;
    return line;
  }
}

function joined(pieces: readonly Buffer[]): Buffer {
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

/**
 * The whole lines of a file, chunk by chunk; none where it is missing.
 *
 * @throws what the file system says.
 */
export async function* linesOf(file: string, options: LineOptions = {}): AsyncGenerator<readonly Line[]> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
  if (handle === null) return;
  try {
    const splitter = new LineSplitter(options);
    const chunk = Buffer.allocUnsafe(options.chunkBytes ?? usualChunk);
    for (let at = options.from ?? 0; ;) {
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield splitter.split(chunk.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}

/** The same at once. */
export function* linesOfSync(file: string, options: LineOptions = {}): Generator<Line> {
  const fd = openSync(file, 'r');
  try {
    const splitter = new LineSplitter(options);
    const chunk = Buffer.allocUnsafe(options.chunkBytes ?? usualChunk);
    for (let at = options.from ?? 0; ;) {
      const bytesRead = readSync(fd, chunk, 0, chunk.length, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield* splitter.split(chunk.subarray(0, bytesRead));
    }
  } finally {
    closeSync(fd);
  }
}
