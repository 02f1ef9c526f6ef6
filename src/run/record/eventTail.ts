/** Follows a run's event log, piece by piece: the one way in which anybody reads events. */
import type { LoggedEvent, RunEvent } from '../../protocol.ts';
import { EventReader } from './eventReader.ts';
import type { EventHead, EventReaderOptions } from './eventReader.ts';

/** A line that is not an event of a run. */
export interface BadLine {
  /** From 1, counted from where reading began. */
  readonly number: number;
  /** What is wrong with it, for people. */
  readonly problem: string;
}

/** Some thousand lines of a log. */
export interface EventPiece {
  /** In order; those of types that this version does not know, or that are not to be read, are passed over. */
  readonly events: readonly LoggedEvent[];
  /** Of all events, those that are not read as well. */
  readonly heads: readonly EventHead[];
  /** The first line that is not an event; `null`: all are. */
  readonly bad: BadLine | null;
}

export class EventTail {
  readonly #reader: EventReader;

  constructor(file: string, options: EventReaderOptions = {}) {
    this.#reader = new EventReader(file, options);
  }

  /** Byte offset of the end of the last whole line that was read. */
  get next(): number {
    return this.#reader.next;
  }

  /** There are more events than are read: those that were are the first ones. */
  get leftOut(): boolean {
    return this.#reader.leftOut;
  }

  /** Passes over these types from here on. */
  skip(types: ReadonlySet<RunEvent['type']>): void {
    this.#reader.skip(types);
  }

  /** The next piece; `null` at the end of the log. A last line without its newline is left for the next read. */
  async read(): Promise<EventPiece | null> {
    const lines = await this.#reader.read();
    if (lines === null) return null;
    const bad = lines.find((line) => 'problem' in line);
    return {
      events: lines.flatMap(({ event }) => event ?? []),
      heads: lines.flatMap(({ head }) => head ?? []),
      bad: bad === undefined ? null : { number: bad.number, problem: bad.problem },
    };
  }
}

/** What is said of a line that is passed over. */
export function badLineText(file: string, { problem }: BadLine): string {
  return `${file} holds a line that is not an event of a run: ${problem}`;
}
