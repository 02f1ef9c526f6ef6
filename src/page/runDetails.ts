/**
 * What the events of a run add up to for the run view, beyond the common picture (`view/fold.ts`): the loss curve, the
 * job's events, how far each candidate is, and what each program run scored. Mutable and fed once per event: a run has
 * hundreds of thousands of them.
 */
import { candidatesShownAtMost, stepsShownAtMost } from '../base/limits.ts';
import type { LoggedEvent } from '../protocol.ts';

type EventOf<T extends LoggedEvent['type']> = Extract<LoggedEvent, { type: T }>;
export type Purpose = EventOf<'example'>['purpose'];

/** What one run of the program on one example scored. */
export interface Outcome {
  readonly score: number;
  readonly seconds: number;
  readonly cached: boolean;
  readonly error: string | null;
}

export interface CandidateProgress {
  scored: number;
  sum: number;
  /** Content hash. */
  state: string | null;
}

export interface JobDetails {
  readonly loss: (readonly [step: number, loss: number])[];
  readonly events: { readonly time: string; readonly message: string }[];
  trainedTokens: number | null;
  seconds: number | null;
}

export interface StepDetails {
  readonly candidates: Map<number, CandidateProgress>;
  job: JobDetails | null;
  byPredictor: Readonly<Record<string, number>>;
  validation: number | null;
}

const eventsKept = 200;
/** Of a curve, which is thinned out before it is drawn. */
const pointsKept = 200_000;

export class RunDetails {
  readonly #steps = new Map<string, StepDetails>();
  readonly #outcomes = new Map<string, Outcome>();

  step(prefix: string): StepDetails | undefined {
    return this.#steps.get(prefix);
  }

  /** The latest outcome of a program run; `undefined` where there is none yet. */
  outcome(run: RunKey): Outcome | undefined {
    return this.#outcomes.get(keyOf(run));
  }

  add(event: LoggedEvent): void {
    switch (event.type) {
      case 'step.started':
        this.#begin(event.prefix);
        return;
      case 'candidate.started': {
        const progress = this.#candidate(event.prefix, event.candidate);
        progress.state = event.state;
        return;
      }
      case 'candidate.finished': {
        this.#step(event.prefix).validation = event.of;
        this.#candidate(event.prefix, event.candidate).scored = event.scored;
        return;
      }
      case 'example':
        this.#example(event);
        return;
      case 'rows.collected':
        this.#step(event.prefix).byPredictor = event.byPredictor;
        return;
      case 'job.intended':
      case 'job.submitted':
      case 'job.progress':
      case 'job.finished':
      case 'job.failed':
        this.#job(event);
        return;
      default:
    }
  }

  #example(event: EventOf<'example'>): void {
    const { score, seconds, cached, error } = event;
    this.#outcomes.set(keyOf({ ...event, step: event.prefix }), {
      score,
      seconds,
      cached,
      error: error === undefined ? null : `${error.kind}: ${error.message}`,
    });
    // Checkpoints are tried on dev.
    if (event.candidate === null || (event.purpose !== 'validate' && event.purpose !== 'dev')) return;
    const progress = this.#candidate(event.prefix, event.candidate);
    progress.scored++;
    progress.sum += score;
  }

  #job(event: EventOf<'job.intended' | 'job.submitted' | 'job.progress' | 'job.finished' | 'job.failed'>): void {
    const step = this.#step(event.prefix);
    if (event.type === 'job.intended') step.job = null;
    const job = (step.job ??= { loss: [], events: [], trainedTokens: null, seconds: null });
    const { time } = event;
    job.events.push({ time, message: messageOf(event) });
    if (job.events.length > eventsKept) job.events.shift();
    if (event.type === 'job.progress' && event.step !== undefined && event.loss !== undefined) {
      // A job that was adopted after a crash tells its steps again.
      while (job.loss.length > 0 && job.loss.at(-1)![0] >= event.step) job.loss.pop();
      if (job.loss.length < pointsKept) job.loss.push([event.step, event.loss]);
    }
    if (event.type === 'job.finished') {
      job.trainedTokens = event.trainedTokens ?? null;
      job.seconds = event.seconds;
    }
  }

  #step(prefix: string): StepDetails {
    const known = this.#steps.get(prefix);
    if (known !== undefined) return known;
    return this.#begin(prefix);
  }

  #begin(prefix: string): StepDetails {
    const step: StepDetails = { candidates: new Map(), job: null, byPredictor: {}, validation: null };
    if (this.#steps.has(prefix) || this.#steps.size < stepsShownAtMost) this.#steps.set(prefix, step);
    return step;
  }

  #candidate(prefix: string, candidate: number): CandidateProgress {
    const { candidates } = this.#step(prefix);
    const known = candidates.get(candidate);
    if (known !== undefined) return known;
    const fresh: CandidateProgress = { scored: 0, sum: 0, state: null };
    if (candidates.size < candidatesShownAtMost) candidates.set(candidate, fresh);
    return fresh;
  }
}

export interface RunKey {
  readonly step: string;
  readonly purpose: Purpose;
  readonly candidate: number | null;
  readonly example: number;
  readonly round: number;
}

function keyOf({ step, purpose, candidate, example, round }: RunKey): string {
  return `${step}|${purpose}|${candidate ?? ''}|${example}|${round}`;
}

function messageOf(
  event: EventOf<'job.intended' | 'job.submitted' | 'job.progress' | 'job.finished' | 'job.failed'>,
): string {
  switch (event.type) {
    case 'job.intended':
      return `${event.rows} rows to train ${event.parent} on`;
    case 'job.submitted':
      return event.adopted ? `found job ${event.job}, sent earlier` : `sent as job ${event.job}`;
    case 'job.progress':
      return event.message;
    case 'job.finished':
      return event.cached ? `${event.model} was trained by an earlier run` : `${event.model} is served`;
    case 'job.failed':
      return `failed: ${event.error}`;
  }
}
