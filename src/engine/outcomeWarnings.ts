/** What a run says once of program, metric and rows, by what comes out of them: things that are no error and make scores tell nothing. */
import type { Example, ProgramDescription } from '../data/program.ts';
import type { ProgramOutcome } from '../data/trace.ts';
import type { RunEvent } from '../protocol.ts';
import { LabelKindWarning } from './labelKinds.ts';
import { MissingInputsWarning } from './missingInputs.ts';
import { OutsideRangeWarning } from './outsideRange.ts';
import { UncalledWarning } from './uncalled.ts';

export class OutcomeWarnings {
  readonly #append: (event: RunEvent) => void;
  readonly #labelKinds: LabelKindWarning;
  readonly #outsideRange: OutsideRangeWarning;
  /** `null` while the program is not described. */
  #ofPredictors: { readonly missingInputs: MissingInputsWarning; readonly uncalled: UncalledWarning } | null = null;

  constructor(append: (event: RunEvent) => void, metricRange: readonly [number, number]) {
    this.#append = append;
    this.#labelKinds = new LabelKindWarning(append);
    this.#outsideRange = new OutsideRangeWarning(append, metricRange);
  }

  describe(program: ProgramDescription): void {
    this.#ofPredictors = {
      missingInputs: new MissingInputsWarning(program, this.#append),
      uncalled: new UncalledWarning(program, this.#append),
    };
  }

  /** @param score from 0 to 1 */
  add(example: Example, outcome: ProgramOutcome, score: number): void {
    this.#labelKinds.add(example, outcome, score);
    this.#outsideRange.add(example, outcome);
    this.#ofPredictors?.missingInputs.add(example, outcome.trace);
    this.#ofPredictors?.uncalled.add(example, outcome);
  }
}
