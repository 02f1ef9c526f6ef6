/**
 * What each candidate of a step scored on each row, kept beside the common picture like the other details of a page
 * (`runDetails.ts`). Mutable and fed once per event.
 */
import { candidatesShownAtMost, stepsShownAtMost } from '../base/limits.ts';
import type { EventOf, Purpose } from '../protocol.ts';
import { workOf } from '../view/work.ts';

/** Scores from 0 to 1, by the number of the row. */
export type RowScores = ReadonlyMap<number, number>;

export interface StepScores {
  /** What the program runs were for: one and the same for all candidates of a step. */
  readonly purpose: Purpose;
  readonly byCandidate: ReadonlyMap<number, RowScores>;
}

interface Growing extends StepScores {
  readonly byCandidate: Map<number, Map<number, number>>;
}

export class CandidateScores {
  readonly #steps = new Map<string, Growing>();

  /** `undefined`: no candidate of the step was scored yet. */
  of(prefix: string): StepScores | undefined {
    return this.#steps.get(prefix);
  }

  /** The step is begun, perhaps again. */
  begin(prefix: string): void {
    this.#steps.delete(prefix);
  }

  add(event: EventOf<'example'>): void {
    const { prefix, purpose, candidate, example, score } = event;
    const work = workOf(event);
    if (candidate === null || (work !== 'validate' && work !== 'checkpoints')) return;
    this.#rowsOf(prefix, purpose, candidate)?.set(example, score);
  }

  /** `undefined`: there are more than are kept. */
  #rowsOf(prefix: string, purpose: Purpose, candidate: number): Map<number, number> | undefined {
    const step = this.#stepOf(prefix, purpose);
    const known = step?.byCandidate.get(candidate);
    if (step === undefined || known !== undefined) return known;
    if (step.byCandidate.size >= candidatesShownAtMost) return undefined;
    const fresh = new Map<number, number>();
    step.byCandidate.set(candidate, fresh);
    return fresh;
  }

  #stepOf(prefix: string, purpose: Purpose): Growing | undefined {
    const known = this.#steps.get(prefix);
    if (known !== undefined || this.#steps.size >= stepsShownAtMost) return known;
    const fresh: Growing = { purpose, byCandidate: new Map() };
    this.#steps.set(prefix, fresh);
    return fresh;
  }
}
