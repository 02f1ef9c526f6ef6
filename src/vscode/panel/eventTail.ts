/**
 * Follows a run's event log piece by piece, so that a log of a hundred thousand events neither blocks the extension
 * host nor has to be whole in memory.
 */
import { open } from 'node:fs/promises';
import * as z from 'zod';
import { isMissing, messageOf } from '../../data/errors.ts';
import { runEventSchema } from '../../protocol.ts';
import type { LoggedEvent } from '../../protocol.ts';

const newline = 0x0a;
const pieceBytes = 1024 * 1024;
/** What the log adds to an event. Checked apart: zod takes ten times as long for the intersection of the two. */
const stampSchema = z.object({ v: z.literal(1), seq: z.number(), time: z.string(), type: z.string() });
const knownTypes: ReadonlySet<string> = new Set(runEventSchema.options.map((option) => option.shape.type.value));

export class EventTail {
  readonly #file: string;
  #next = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /**
   * The next events, some thousand at most; `null` at the end of the log. A last line without its newline is being
   * written: it is left for the next read. A line that is no event is passed over, and told as `problem`.
   */
  async read(): Promise<{ readonly events: readonly LoggedEvent[]; readonly problem: string | null } | null> {
    const lines = await this.#lines();
    if (lines.length === 0) return null;
    const events: LoggedEvent[] = [];
    let problem: string | null = null;
    for (const line of lines) {
      try {
        const event = parse(line);
        if (event !== null) events.push(event);
      } catch (error) {
        problem ??= `${this.#file} holds a line that is not an event of a run: ${messageOf(error)}`;
      }
    }
    return { events, problem };
  }

  async #lines(): Promise<string[]> {
    const handle = await open(this.#file, 'r').catch((error: unknown) => {
      if (isMissing(error)) return null;
      throw error;
    });
    if (handle === null) return [];
    try {
      const { size } = await handle.stat();
      // A line may be long (a result holds the state): then the piece is made longer until it ends.
      for (let length = pieceBytes; ; length *= 4) {
        const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - this.#next)));
        const { bytesRead } = await handle.read(bytes, 0, bytes.length, this.#next);
        const end = bytes.subarray(0, bytesRead).lastIndexOf(newline) + 1;
        if (end > 0) {
          this.#next += end;
          return bytes.toString('utf8', 0, end - 1).split('\n');
        }
        if (bytesRead < length) return [];
      }
    } finally {
      await handle.close();
    }
  }
}

/** `null`: an event of a later version. */
function parse(line: string): LoggedEvent | null {
  const value: unknown = JSON.parse(line);
  const { v, seq, time, type } = stampSchema.parse(value);
  return knownTypes.has(type) ? { v, seq, time, ...runEventSchema.parse(value) } : null;
}
