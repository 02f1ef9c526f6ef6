import type { Journal } from '../../engine/interfaces.ts';
import type { RunEvent } from '../../protocol.ts';

/** Warnings of what works beside a run: in its log while it is open for them, before and after that as a line alone. */
export class LateWarnings {
  readonly #log: (line: string) => void;
  #journal: Pick<Journal, 'append'> | null = null;
  #open = false;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  goTo(journal: Pick<Journal, 'append'>): void {
    this.#journal = journal;
  }

  /** A log is not written to before its first event, nor behind its last: the result is sealed with it. */
  see({ type }: Pick<RunEvent, 'type'>): void {
    if (type === 'run.started') this.#open = true;
    if (type === 'run.finished' || type === 'run.stopped') this.#open = false;
  }

  add(message: string): void {
    if (!this.#open || this.#journal === null) return this.#log(`warning: ${message}`);
    try {
      this.#journal.append({ type: 'warning', message });
    } catch {
      // A full disk ends the run by itself.
      this.#log(`warning: ${message}`);
    }
  }
}
