import { stat } from 'node:fs/promises';
import { HumanError } from '../../base/errors.ts';
import { eventsShownAtMost } from '../../base/limits.ts';
import type { LoggedEvent, RunEvent } from '../../protocol.ts';
import { EventTail, badLineText } from '../record/eventTail.ts';
import type { BadLine } from '../record/eventTail.ts';
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
  readonly #tail: EventTail;
  #view: RunView = emptyView;

  /** @param most events that are folded; a view of the first ones says that there are more. */
  constructor(folder: string, most: number = eventsShownAtMost) {
    this.#file = runFiles(folder).events;
    this.#tail = new EventTail(this.#file, { most });
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
    if (size <= this.#tail.next) return [];
    this.#tail.skip(size - this.#tail.next > largeLog ? examples : nothing);
    const all: LoggedEvent[] = [];
    let wrong: BadLine | null = null;
    for (let piece = await this.#tail.read(); piece !== null; piece = await this.#tail.read()) {
      const { events, bad } = piece;
      wrong ??= bad;
      this.#view = foldEvents(events, this.#view);
      for (const event of events) all.push(event);
    }
    if (this.#tail.leftOut) this.#view = withNote(this.#view, moreEvents);
    if (wrong !== null) throw new HumanError(badLineText(this.#file, wrong));
    return all;
  }
}

/** What a view of a part of a log says. */
export const moreEvents = 'The log of this run has more events than are read: what is shown are the first ones.';
