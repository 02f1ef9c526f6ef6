/**
 * `events.jsonl`, the truth about a run: append-only, one event a line. Written synchronously, so that what the log
 * says happened did, in the order it says; steps and jobs are forced to the disk, the many small events in batches.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import * as z from 'zod';
import { HumanError, isMissing, messageOf } from '../../data/errors.ts';
import { flushSync } from '../../data/fileSystems.ts';
import { cannotWrite } from './diskError.ts';
import { loggedEventSchema, runEventSchema } from '../../protocol.ts';
import type { LoggedEvent, RunEvent } from '../../protocol.ts';

/** Events that come by the thousand or only tell of progress; the others are on the disk before `append` returns. */
const batched: ReadonlySet<RunEvent['type']> = new Set(['example', 'usage', 'job.progress', 'candidate.started']);

/** Most of a large log: how steps went, event by event. Who asks only where a run stands does without. */
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

  /** @throws HumanError when the disk does not take it. */
  append(event: RunEvent): LoggedEvent {
    if (this.#failure !== undefined) throw cannotWrite(this.#file, this.#failure);
    const logged: LoggedEvent = { v: 1, seq: this.#seq++, time: this.#now().toISOString(), ...event };
    const line = `${JSON.stringify(logged)}\n`;
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

  /** In a timer nobody would catch the error: `flush` keeps it and the next `append` throws it. */
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

/** What is known of an event without reading it. */
export type EventHead = Pick<LoggedEvent, 'time' | 'type'>;

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
 * @param onEach told of every event in order, those that are skipped as well.
 * @throws HumanError naming a line that is no event.
 */
export async function readEvents(
  file: string,
  from = 0,
  skip: ReadonlySet<RunEvent['type']> = nothingSkipped,
  onEach: (head: EventHead) => void = () => undefined,
): Promise<EventPage> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
  if (handle === null) return { events: [], next: 0 };
  try {
    const { size } = await handle.stat();
    const bytes = Buffer.alloc(Math.max(0, size - from));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
    const end = bytes.subarray(0, bytesRead).lastIndexOf(newline) + 1;
    const lines = bytes.subarray(0, end).toString('utf8').split('\n').slice(0, -1);
    const wanted = lines.flatMap((line, i) => {
      const head = skip.size > 0 ? headOf(line) : undefined;
      const events = head !== undefined && skip.has(head.type) ? [] : parseLine(line, file, i + 1, from);
      for (const each of events.length === 0 && head !== undefined ? [head] : events) onEach(each);
      return events;
    });
    return { events: wanted, next: from + end };
  } finally {
    await handle.close();
  }
}

const nothingSkipped: ReadonlySet<RunEvent['type']> = new Set();
/** `append` writes what every event has before the type, so the type is at the beginning of its line. */
const headAtStart = /^\{"v":\d+,"seq":\d+,"time":"([^"]*)","type":"([a-z.]+)"/i;

function headOf(line: string): EventHead | undefined {
  const [, time, type] = headAtStart.exec(line) ?? [];
  return time === undefined ? undefined : { time, type: type as RunEvent['type'] };
}

const knownTypes: ReadonlySet<string> = new Set(runEventSchema.options.map((option) => option.shape.type.value));

function parseLine(line: string, file: string, number: number, from: number): LoggedEvent[] {
  try {
    const value = JSON.parse(line) as { readonly type?: unknown };
    if (typeof value.type === 'string' && !knownTypes.has(value.type)) return [];
    return [loggedEventSchema.parse(value)];
  } catch (error) {
    const where = from === 0 ? `:${number}` : ` (line ${number} after byte ${from})`;
    throw new HumanError(`${file}${where} is not an event of a run: ${messageOf(error)}`, { cause: error });
  }
}
