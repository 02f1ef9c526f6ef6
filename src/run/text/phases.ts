/** How far each kind of work of each step is, counted from the events: steps overlap, and so do the phases of one. */
import type { LoggedEvent } from '../../protocol.ts';
import type { Purpose, RunView, StepView } from '../../view/runView.ts';

type Example = Extract<LoggedEvent, { type: 'example' }>;
type CandidateEnd = Extract<LoggedEvent, { type: 'candidate.finished' }>;

export interface Phase {
  readonly prefix: string;
  readonly purpose: Purpose | 'checkpoints';
  /** ms, when it was first heard of. */
  readonly began: number;
  /** Program runs, the sum of their scores (0 to 1 each), and those that failed. */
  readonly done: number;
  readonly sum: number;
  readonly failed: number;
}

interface Search {
  readonly candidates: number | null;
  readonly validation: number | null;
  /** Rows of candidates that were stopped early: nobody runs them. */
  readonly spared: number;
}

const unknownSearch: Search = { candidates: null, validation: null, spared: 0 };

export class Phases {
  readonly #now: () => number;
  readonly #phases = new Map<string, Phase>();
  readonly #searches = new Map<string, Search>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Keeps count; returns the phase of a program run. */
  see(event: LoggedEvent): Phase | null {
    if (event.type === 'run.started') this.#phases.clear();
    if (event.type === 'step.started') {
      for (const [key, { prefix }] of this.#phases) if (prefix === event.prefix) this.#phases.delete(key);
      this.#searches.set(event.prefix, { ...unknownSearch, ...event.search });
    }
    if (event.type === 'candidate.finished') this.#endCandidate(event);
    return event.type === 'example' ? this.#count(event) : null;
  }

  #count({ prefix, purpose, candidate, score, error }: Example): Phase {
    const name = purpose === 'dev' && candidate !== null ? 'checkpoints' : purpose;
    const key = `${prefix}|${name}`;
    const before = this.#phases.get(key) ?? { began: this.#now(), done: 0, sum: 0, failed: 0 };
    const phase: Phase = {
      prefix,
      purpose: name,
      began: before.began,
      done: before.done + 1,
      sum: before.sum + score,
      failed: before.failed + (error === undefined ? 0 : 1),
    };
    this.#phases.set(key, phase);
    return phase;
  }

  #endCandidate({ prefix, score, scored, of }: CandidateEnd): void {
    const search = this.#searches.get(prefix) ?? unknownSearch;
    const spared = search.spared + (score === null ? of - scored : 0);
    this.#searches.set(prefix, { ...search, validation: search.validation ?? of, spared });
  }

  /** Program runs that the phase takes in all; `null` where that cannot be known, as for bootstrapping. */
  expected({ purpose, prefix, done }: Phase, step: StepView, { started }: RunView): number | null {
    const of = this.#planned(purpose, prefix, step, started?.splits ?? null);
    // An example is tried again where its trace was not correct.
    return of === null || done > of ? null : of;
  }

  #planned(
    purpose: Phase['purpose'],
    prefix: string,
    { candidates, examples }: StepView,
    splits: NonNullable<RunView['started']>['splits'] | null,
  ): number | null {
    switch (purpose) {
      case 'dev':
      case 'test':
      case 'train':
        return splits?.[purpose] ?? null;
      case 'checkpoints':
        return splits === null ? null : splits.dev * candidates.length;
      case 'collect':
        return examples;
      case 'validate': {
        const search = this.#searches.get(prefix) ?? unknownSearch;
        if (search.validation === null) return null;
        return (search.candidates ?? candidates.length) * search.validation - search.spared;
      }
      case 'bootstrap':
        return null;
    }
  }
}
