/**
 * `events.jsonl`, the truth about a run: append-only, one event a line. Written synchronously, so that what the log
 * says happened did, in the order it says; steps and jobs are forced to the disk, the many small events in batches.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import * as z from 'zod';
import { HumanError } from '../../base/errors.ts';
import { flushSync } from '../../base/fileSystems.ts';
import { cannotWrite } from './diskError.ts';
import type { EventHead, EventReaderOptions } from './eventReader.ts';
import { EventTail } from './eventTail.ts';
import type { BadLine, EventPiece } from './eventTail.ts';
import type { LoggedEvent, RunEvent } from '../../protocol.ts';

/**
 * Events that come by the thousand or only show progress; the others are on the disk before `append` returns. How a search
 * goes is shown progress, too: nothing is sent or paid because of it, and a resumed run goes the same way again.
 */
const batched: ReadonlySet<RunEvent['type']> = new Set([
  'example',
  'usage',
  'job.progress',
  'candidate.started',
  'candidate.finished',
  'proposal',
]);

/** Most of a large log: how steps went, event by event. To know only a run's status they are not needed. */
export const courseEvents: ReadonlySet<RunEvent['type']> = new Set([
  'example',
  'candidate.started',
  'candidate.finished',
  'job.progress',
]);

const flushMs = 100;
const flushBytes = 64 * 1024;
const newline = 0x0a;

/** Appends to a run's log. One writer at a time: hold the run's lock. */
export class EventLog {
  readonly #file: string;
  readonly #fd: number;
  readonly #now: () => Date;
  #seq: number;
  #pending: string[] = [];
  #pendingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #failure: unknown;

  /** Opens or makes the log; a torn last line, left by a crash, is cut off. */
  constructor(file: string, now: () => Date = () => new Date()) {
    this.#file = file;
    this.#now = now;
    try {
      this.#fd = openSync(file, 'a+');
      this.#seq = repair(this.#fd);
    } catch (error) {
      throw cannotWrite(file, error);
    }
  }

  /**
   * @param before called with the line before it is written, when all that comes before it is in the file.
   * @throws HumanError when the disk does not take it.
   */
  append(event: RunEvent, before?: (line: string) => void): LoggedEvent {
    if (this.#failure !== undefined) throw cannotWrite(this.#file, this.#failure);
    const logged: LoggedEvent = { v: 1, seq: this.#seq++, time: this.#now().toISOString(), ...event };
    const line = `${JSON.stringify(logged)}\n`;
    if (before !== undefined) {
      this.flush(false);
      before(line);
    }
    this.#pending.push(line);
    this.#pendingBytes += line.length;
    if (!batched.has(event.type)) this.flush(true);
    else if (this.#pendingBytes >= flushBytes) this.flush(false);
    else this.#timer ??= setTimeout(() => this.#flushLater(), flushMs).unref();
    return logged;
  }

  flush(durable: boolean): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      if (this.#pending.length > 0) writeAll(this.#fd, Buffer.from(this.#pending.join('')));
      this.#pending = [];
      this.#pendingBytes = 0;
      if (durable) flushSync(this.#fd);
    } catch (error) {
      this.#failure = error;
      throw cannotWrite(this.#file, error);
    }
  }

  close(): void {
    try {
      if (this.#failure === undefined) this.flush(true);
    } finally {
      // What comes after this would land in whatever file gets the same descriptor next.
      this.#failure = new Error('the log is closed');
      clearTimeout(this.#timer);
      closeSync(this.#fd);
    }
  }

  /** In a timer nothing would catch the error: `flush` keeps it and the next `append` throws it. */
  #flushLater(): void {
    try {
      this.flush(false);
    } catch {
      return;
    }
  }
}

export function writeAll(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
}

const numberedSchema = z.object({ seq: z.number() });

/** Cuts off a torn last line; returns the sequence number that comes next. */
function repair(fd: number): number {
  const { size } = fstatSync(fd);
  let end = size;
  let tail = Buffer.alloc(0);
  // Backwards in growing pieces: the last line may be long (a result holds the state).
  for (let length = 64 * 1024; ; length *= 4) {
    const from = Math.max(0, size - length);
    tail = Buffer.alloc(size - from);
    readSync(fd, tail, 0, tail.length, from);
    const last = tail.lastIndexOf(newline);
    end = last < 0 ? from : from + last + 1;
    const before = last < 0 ? -1 : tail.lastIndexOf(newline, last - 1);
    if (from === 0 || before >= 0) {
      if (end < size) ftruncateSync(fd, end);
      if (last < 0) return 0;
      const line = tail.subarray(before + 1, last).toString('utf8');
      return numberedSchema.parse(JSON.parse(line)).seq + 1;
    }
  }
}

export interface EventPage {
  readonly events: readonly LoggedEvent[];
  /** Byte offset to read on from: the end of the last whole line. */
  readonly next: number;
}

/**
 * Reads the log from a byte offset on. A last line without its newline is being written, or was torn: it is left for
 * the next read. Events of a type this version does not know are passed over.
 *
 * @param skip types not to be read: `example` alone is most of a large log.
 * @param onEach called with every event in order, those that are skipped as well.
 * @throws HumanError naming a line that is not an event.
 */
export async function readEvents(
  file: string,
  from = 0,
  skip?: ReadonlySet<RunEvent['type']>,
  onEach: (head: EventHead) => void = () => undefined,
): Promise<EventPage> {
  const events: LoggedEvent[] = [];
  const { next } = await eachPiece(file, { from, ...(skip && { skip }) }, (piece) => {
    piece.heads.forEach((head) => {
      onEach(head);
    });
    for (const event of piece.events) events.push(event);
  });
  return { events, next };
}

/**
 * Goes through the log piece by piece, without keeping any; errors as `readEvents`.
 *
 * @returns where to read on from, and whether there are more events than are read.
 */
export async function eachPiece(
  file: string,
  options: EventReaderOptions,
  onPiece: (piece: EventPiece) => void,
): Promise<Pick<EventPage, 'next'> & { readonly leftOut: boolean }> {
  const tail = new EventTail(file, options);
  for (let piece = await tail.read(); piece !== null; piece = await tail.read()) {
    if (piece.bad !== null) throw noEvent(file, piece.bad, options.from ?? 0);
    onPiece(piece);
  }
  const { next, leftOut } = tail;
  return { next, leftOut };
}

function noEvent(file: string, { number, problem }: BadLine, from: number): HumanError {
  const where = from === 0 ? `:${number}` : ` (line ${number} after byte ${from})`;
  return new HumanError(`${file}${where} is not an event of a run: ${problem}`);
}
