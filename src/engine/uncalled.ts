/** What a run says of a program that answers without its predictors: no step has an effect, and scores tell nothing. */
import { quotedNames } from '../base/quotedNames.ts';
import type { Example, ProgramDescription } from '../data/program.ts';
import type { ProgramOutcome } from '../data/trace.ts';
import type { RunEvent } from '../protocol.ts';

/** Programs may answer single rows by rule. */
const rowsAtLeast = 3;
/** So many rows are remembered. */
const rowsAtMost = 100;

/** Warns once in a run, whichever language the program is written in. */
export class UncalledWarning {
  readonly #append: (event: RunEvent) => void;
  readonly #own: readonly string[];
  /** Rows on which a predictor of the program's was called. */
  readonly #called = new Set<Example>();
  /** Rows on which others were called, and none of the program's. */
  readonly #byOthers = new Set<Example>();
  /** Rows that were called and, in a later run of the program, answered without any call. */
  readonly #kept = new Set<Example>();
  #said = false;

  constructor({ predictors }: Pick<ProgramDescription, 'predictors'>, append: (event: RunEvent) => void) {
    this.#own = predictors.map(({ name }) => name);
    this.#append = append;
  }

  add(row: Example, { trace, error }: Pick<ProgramOutcome, 'trace' | 'error'>): void {
    if (this.#said || (error !== undefined && error.kind !== 'metric')) return;
    if (trace.some(({ predictor }) => this.#own.includes(predictor))) this.#note(row);
    else if (trace.length > 0) this.#byOthers.add(row);
    else if (this.#called.has(row)) this.#kept.add(row);
    const message = this.#message(trace);
    if (message === null) return;
    this.#said = true;
    this.#append({ type: 'warning', message });
  }

  #note(row: Example): void {
    if (this.#called.size < rowsAtMost) this.#called.add(row);
  }

  #message(trace: ProgramOutcome['trace']): string | null {
    if (this.#kept.size >= rowsAtLeast) {
      return (
        `${this.#kept.size} rows that asked an LM before were answered without asking one: the program keeps its answers ` +
        '(lru_cache, a dict, a cache on disk), so each state is scored by what another answered, and no step has an effect. ' +
        'Leave that cache out: what LMs answered is remembered here.'
      );
    }
    if (this.#called.size > 0 || this.#byOthers.size < rowsAtLeast) return null;
    const others = [...new Set(trace.map(({ predictor }) => predictor))];
    return (
      `The program has asked with none of its predictors so far (${quotedNames(this.#own)}), but with others that it makes ` +
      `while it runs (${quotedNames(others)}): what steps change has an effect only where those are made of its own. Call the ones ` +
      'that are attributes of the module.'
    );
  }
}
