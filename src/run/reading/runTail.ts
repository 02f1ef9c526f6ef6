import { stat } from 'node:fs/promises';
import { HumanError } from '../../base/errors.ts';
import { eventsShownAtMost } from '../../base/limits.ts';
import type { LoggedEvent, RunEvent } from '../../protocol.ts';
import { EventReader } from '../record/eventReader.ts';
import { runFiles } from '../record/runFolder.ts';
import { foldEvents } from '../../view/fold.ts';
import { emptyView, withNote } from '../../view/runView.ts';
import type { RunView } from '../../view/runView.ts';

/** A log this large is read without its single program runs at first: a hundred thousand of them take too long. */
const largeLog = 4 * 1024 * 1024;
const nothing: ReadonlySet<RunEvent['type']> = new Set();
const examples: ReadonlySet<RunEvent['type']> = new Set(['example']);

/** Follows the log of a run: every `read` takes in what was appended since. */
export class RunTail {
  readonly #file: string;
  readonly #reader: EventReader;
  #view: RunView = emptyView;

  /** @param most events that are folded; a view of the first ones says that there are more. */
  constructor(folder: string, most: number = eventsShownAtMost) {
    this.#file = runFiles(folder).events;
    this.#reader = new EventReader(this.#file, { most });
  }

  get view(): RunView {
    return this.#view;
  }

  /**
   * The events since the last call, in order, folded into `view`.
   *
   * @throws HumanError naming a line that is no event; those after it are read the next time.
   */
  async read(): Promise<readonly LoggedEvent[]> {
    const size = await stat(this.#file).then(
      (found) => found.size,
      () => 0,
    );
    if (size <= this.#reader.next) return [];
    this.#reader.skip(size - this.#reader.next > largeLog ? examples : nothing);
    const all: LoggedEvent[] = [];
    let problem: string | null = null;
    for (let lines = await this.#reader.read(); lines !== null; lines = await this.#reader.read()) {
      const events = lines.flatMap(({ event }) => event ?? []);
      problem ??= lines.flatMap((line) => ('problem' in line ? [line.problem] : []))[0] ?? null;
      this.#view = foldEvents(events, this.#view);
      for (const event of events) all.push(event);
    }
    if (this.#reader.leftOut) this.#view = withNote(this.#view, moreEvents);
    if (problem !== null) throw new HumanError(`${this.#file} holds a line that is not an event of a run: ${problem}`);
    return all;
  }
}

/** What a view of a part of a log says. */
export const moreEvents = 'The log of this run has more events than are read: what is shown are the first ones.';
