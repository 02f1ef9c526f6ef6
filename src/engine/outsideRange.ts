/** What a run says of a metric that returns numbers outside of its range, where the run goes on. */
import type { Example } from '../data/program.ts';
import type { ProgramOutcome } from '../data/trace.ts';
import type { RunEvent } from '../protocol.ts';

/** Fewer are slips, and are told as failed rows alone. */
const rowsAtLeast = 3;

/** Warns once in a run: such rows fail and score 0, also where the number says that the answer was right. */
export class OutsideRangeWarning {
  readonly #append: (event: RunEvent) => void;
  readonly #range: readonly [number, number];
  readonly #rows = new Set<number>();
  #first: number | null = null;
  #said = false;

  constructor(append: (event: RunEvent) => void, metricRange: readonly [number, number]) {
    this.#append = append;
    this.#range = metricRange;
  }

  add(example: Example, { error }: ProgramOutcome): void {
    if (this.#said || error?.returned === undefined) return;
    this.#first ??= error.returned;
    if (this.#rows.add(example.id).size < rowsAtLeast) return;
    this.#said = true;
    const [low, high] = this.#range;
    this.#append({
      type: 'warning',
      message:
        `The metric returned a number outside of "metricRange" (${low} to ${high}) for ${rowsAtLeast} rows; the first ` +
        `is ${this.#first}. Such rows count as failed, and score 0. If the metric may return such numbers, set ` +
        '"metricRange" in bettertogether.json to the smallest and the largest of them.',
    });
  }
}
