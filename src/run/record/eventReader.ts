/**
 * Reads a run's event log piece by piece, so that a log of any size neither has to fit into memory nor keeps anybody
 * else from their turn.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { isMissing, messageOf } from '../../base/errors.ts';
import { eventsAtMost, lineBytesAtMost, inMebibytes, recordValuesAtMost } from '../../base/limits.ts';
import { LineSplitter } from '../../base/lines.ts';
import type { Line } from '../../base/lines.ts';
import { holdsMore, nestsDeeper } from '../../base/nesting.ts';
import { noLink } from '../../base/plainFile.ts';
import { laterForm } from '../../data/record.ts';
import { logStampSchema, runEventSchema, withAbout } from '../../protocol.ts';
import type { LoggedEvent, RunEvent } from '../../protocol.ts';
import { withSteps } from './earlierEvents.ts';

/** What is known of an event without reading it. */
export type EventHead = Pick<LoggedEvent, 'time' | 'type'>;

/** A line of the log: an event, one that is not to be read or of a later version (`null`), or none at all. */
export type EventLine =
  | { readonly event: LoggedEvent | null; readonly head: EventHead | null }
  | { readonly event: null; readonly head: null; readonly problem: string; readonly number: number };

export interface EventReaderOptions {
  /** Byte offset to begin at. Default 0. */
  readonly from?: number;
  /** Types not to be read: `example` alone is most of a large log. */
  readonly skip?: ReadonlySet<RunEvent['type']>;
  /** Events that are read in all; those after them are left out. */
  readonly most?: number;
  /** Bytes read at a time. */
  readonly chunkBytes?: number;
  /** Bytes of one line. */
  readonly lineBytes?: number;
}

const knownTypes: ReadonlySet<string> = new Set(runEventSchema.options.map((option) => option.shape.type.value));
const nothingSkipped: ReadonlySet<RunEvent['type']> = new Set();
/** Some thousand events: others wait on the event loop for no more than these. */
const usualChunk = 256 * 1024;

export class EventReader {
  readonly #file: string;
  readonly #options: EventReaderOptions;
  #skip: ReadonlySet<RunEvent['type']>;
  #next: number;
  /** Kept from one reading to the next only within a line that is too long to be taken. */
  #splitter: LineSplitter | null = null;
  #at: number;
  #lines = 0;
  #events = 0;
  #leftOut = false;

  constructor(file: string, options: EventReaderOptions = {}) {
    this.#file = file;
    this.#options = options;
    this.#skip = options.skip ?? nothingSkipped;
    this.#next = this.#at = options.from ?? 0;
  }

  /** Byte offset of the end of the last whole line that was read. */
  get next(): number {
    return this.#next;
  }

  /** There are more events than are read. */
  get leftOut(): boolean {
    return this.#leftOut;
  }

  /** Passes over these types from here on. */
  skip(types: ReadonlySet<RunEvent['type']>): void {
    this.#skip = types;
  }

  /**
   * The next lines, some thousand at most; `null` at the end of the log. A last line without its newline is being
   * written, or was torn: it is left for the next reading.
   */
  async read(): Promise<readonly EventLine[] | null> {
    const handle = await open(this.#file, constants.O_RDONLY | noLink).catch((error: unknown) => {
      if (isMissing(error)) return null;
      throw error;
    });
    if (handle === null) return null;
    const { chunkBytes = usualChunk, lineBytes = lineBytesAtMost } = this.#options;
    const splitter = this.#splitter ?? new LineSplitter({ from: this.#next, lineBytes });
    const chunk = Buffer.allocUnsafe(chunkBytes);
    try {
      for (let at = this.#splitter === null ? this.#next : this.#at; ;) {
        const { bytesRead } = await handle.read(chunk, 0, chunk.length, at);
        at += bytesRead;
        const lines = splitter.split(chunk.subarray(0, bytesRead)).map((line) => this.#parse(line));
        if (bytesRead > 0 && lines.length === 0) continue;
        // What was begun is read again, for the next writer may cut it off; unless it could not be taken anyway.
        this.#splitter = splitter.isTooLong ? splitter : null;
        this.#at = at;
        return lines.length === 0 ? null : lines;
      }
    } finally {
      await handle.close();
    }
  }

  #parse({ bytes, end }: Line): EventLine {
    this.#next = end;
    const number = ++this.#lines;
    const none = { event: null, head: null } as const;
    if (this.#events >= (this.#options.most ?? eventsAtMost)) {
      this.#leftOut = true;
      return none;
    }
    const { lineBytes = lineBytesAtMost } = this.#options;
    if (bytes === null) return { ...none, number, problem: `it is longer than ${inMebibytes(lineBytes)}` };
    const line = bytes.toString('utf8');
    const head = this.#skip.size > 0 ? headOf(line) : null;
    if (head !== null && this.#skip.has(head.type)) return { event: null, head };
    this.#events++;
    try {
      const event = eventIn(line);
      return { event, head: event };
    } catch (error) {
      return { ...none, number, problem: messageOf(error) };
    }
  }
}

/** `append` writes what every event has before the type, so the type is at the beginning of its line. */
const headAtStart = /^\{"v":\d+,"seq":\d+,"time":"([^"]{0,40})","type":"([a-z.]{1,40})"/i;

function headOf(line: string): EventHead | null {
  const [, time, type] = headAtStart.exec(line) ?? [];
  return time === undefined ? null : { time, type: type as RunEvent['type'] };
}

/** `null`: an event of a later version. */
function eventIn(line: string): LoggedEvent | null {
  if (nestsDeeper(line)) throw new Error('it nests without end');
  if (holdsMore(line, recordValuesAtMost)) throw new Error(`it holds more than ${recordValuesAtMost} values`);
  const value: unknown = JSON.parse(line);
  const later = laterForm(value);
  if (later !== null) throw later;
  // Checked apart: zod takes ten times as long for the intersection of the two.
  const { v, seq, time, type } = logStampSchema.parse(value);
  return knownTypes.has(type) ? { v, seq, time, ...withSteps(runEventSchema.parse(withAbout(value))) } : null;
}
