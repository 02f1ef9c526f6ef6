/** Follows a run's event log for its page, piece by piece. */
import type { LoggedEvent } from '../protocol.ts';
import { eventsShownAtMost } from '../base/limits.ts';
import { EventReader } from '../run/record/eventReader.ts';

export class EventTail {
  readonly #file: string;
  readonly #reader: EventReader;

  /** @param most events that are read; of more, a page shows the first ones, and says so. */
  constructor(file: string, most: number = eventsShownAtMost) {
    this.#file = file;
    this.#reader = new EventReader(file, { most });
  }

  /**
   * The next events, some thousand at most; `null` at the end of the log. A last line without its newline is being
   * written: it is left for the next read. A line that is no event is passed over, and told as `problem`.
   */
  async read(): Promise<{ readonly events: readonly LoggedEvent[]; readonly problem: string | null } | null> {
    const lines = await this.#reader.read();
    if (lines === null) return null;
    const events = lines.flatMap(({ event }) => event ?? []);
    const bad = lines.find((line) => 'problem' in line);
    const wrong = bad === undefined ? null : `${this.#file} holds a line that is not an event of a run: ${bad.problem}`;
    const more = this.#reader.leftOut
      ? `${this.#file} has more events than are shown: these are the first ones.`
      : null;
    return { events, problem: wrong ?? more };
  }
}
