import { HumanError } from '../data/errors.ts';
import type { ProgramOutcome } from '../data/trace.ts';
import { EndpointUnavailable } from './errors.ts';
import type { ReadingTally } from './runMemory.ts';
import type { UsageMeter } from './usage.ts';

/** One piece of a run that is accounted for on its own: a step, or an evaluation. */
export interface Scope {
  /** The prefix of the strategy that the work belongs to. */
  readonly prefix: string;
  readonly meter: UsageMeter;
  readonly failures: FailureTally;
  /** What its program runs read. */
  readonly readings: ReadingTally;
  readonly signal: AbortSignal;
}

/**
 * Notices when every row of a step ends in the very same error of the user's code: then the score is not 0, the
 * program is broken (DSPy would report 0.0: dspy/teleprompt/utils.py, `eval_candidate_program`).
 */
export class FailureTally {
  #runs = 0;
  #pattern: string | null = null;
  #first = '';
  #alike = 0;
  #where = '';
  #unsettled = 0;
  #unanswered = 0;

  /** No row failed for a reason that may be gone the next time. */
  get allSettled(): boolean {
    return this.#unsettled === 0;
  }

  /** `settled`: running the row again would give the same; `unanswered`: the endpoint answered others and not this one. */
  add(
    { error }: ProgramOutcome,
    { settled, unanswered }: { readonly settled: boolean; readonly unanswered: boolean },
  ): void {
    this.#runs++;
    if (!settled) this.#unsettled++;
    if (unanswered) this.#unanswered++;
    if (error === undefined || error.kind === 'parse') return;
    // Numbers aside: "row 3: …" and "row 4: …" are one error.
    const pattern = `${error.kind}: ${error.message}`.replaceAll(/\d+/g, '#');
    if (this.#pattern === null) {
      this.#pattern = pattern;
      this.#first = `${error.kind}: ${error.message}`;
      this.#where =
        error.file === undefined ? '' : ` (${error.file}${error.line === undefined ? '' : `:${error.line}`})`;
    }
    if (pattern === this.#pattern) this.#alike++;
  }

  /** @throws HumanError with the error that all rows have in common; EndpointUnavailable when none was answered. */
  throwIfAllAlike(what: string): void {
    if (this.#runs === 0) return;
    // Services put an id of the request into each message: those are never alike.
    if (this.#unanswered === this.#runs) {
      throw new EndpointUnavailable(`${what}: none of ${this.#runs} rows was answered.\n${this.#first}`);
    }
    if (this.#alike < this.#runs) return;
    throw new HumanError(
      `${what}: all ${this.#runs} rows failed with the same error, so there is nothing to learn from.\n` +
        `${this.#first}${this.#where}`,
    );
  }
}
