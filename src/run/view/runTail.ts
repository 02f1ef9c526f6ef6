import { stat } from 'node:fs/promises';
import type { LoggedEvent } from '../../protocol.ts';
import { readEvents } from '../record/eventLog.ts';
import { foldEvents } from './fold.ts';
import { runFiles } from '../record/runFolder.ts';
import { emptyView } from './runView.ts';
import type { RunView } from './runView.ts';

/** A log this large is read without its single program runs at first: nobody waits for a hundred thousand of them. */
const largeLog = 4 * 1024 * 1024;
const examples = new Set(['example'] as const);

/** Follows the log of a run: every `read` takes in what was appended since. */
export class RunTail {
  readonly #file: string;
  #next = 0;
  #view: RunView = emptyView;

  constructor(folder: string) {
    this.#file = runFiles(folder).events;
  }

  get view(): RunView {
    return this.#view;
  }

  /** The events since the last call, in order, folded into `view`. */
  async read(): Promise<readonly LoggedEvent[]> {
    const size = await stat(this.#file).then(
      (found) => found.size,
      () => 0,
    );
    if (size <= this.#next) return [];
    const { events, next } = await readEvents(
      this.#file,
      this.#next,
      size - this.#next > largeLog ? examples : undefined,
    );
    this.#next = next;
    this.#view = foldEvents(events, this.#view);
    return events;
  }
}
