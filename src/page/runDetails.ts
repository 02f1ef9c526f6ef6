/**
 * What a page keeps beside the common picture (`view/fold.ts`), because it grows with every event: what each program run
 * scored, the loss curve and the messages of each training job. Mutable and fed once per event: a run has hundreds of
 * thousands of them.
 */
import * as l10n from '../base/l10n.ts';
import { rowsShownAtMost, stepsShownAtMost } from '../base/limits.ts';
import { pairedDifference } from '../data/pairedDifference.ts';
import type { Difference } from '../data/pairedDifference.ts';
import type { EventOf, LoggedEvent, Purpose } from '../protocol.ts';
import type { Split } from '../view/runView.ts';
import { Course } from './course.ts';
import { CandidateScores } from './candidateScores.ts';
import type { StepScores } from './candidateScores.ts';

type JobEvent = EventOf<'job.intended' | 'job.submitted' | 'job.progress' | 'job.finished' | 'job.failed'>;

/** What one run of the program on one example scored. */
export interface Outcome {
  readonly score: number;
  readonly seconds: number;
  /** The memo answered it, whenever it was made in this run: a run that goes on after a stop recalls what it paid for. */
  readonly cached: boolean;
  readonly error: string | null;
}

/** How a training job went. */
export interface JobCourse {
  readonly curve: (readonly [step: number, loss: number])[];
  readonly events: { readonly time: string; readonly message: string }[];
}

const eventsKept = 200;
/** Of a curve, which is thinned out before it is drawn. */
const pointsKept = 200_000;

export class RunDetails {
  readonly #jobs = new Map<string, JobCourse>();
  readonly #outcomes = new Map<string, Outcome>();
  readonly #scores = new CandidateScores();
  /** Where in the run its scores came about. */
  readonly course = new Course();
  readonly #gains = new Map<string, Difference | null>();

  /** Of the job of a step; `undefined` where there is none yet. */
  jobCourse(prefix: string): JobCourse | undefined {
    return this.#jobs.get(prefix);
  }

  /** The latest outcome of a program run; `undefined` where there is none yet. */
  outcome(run: RunKey): Outcome | undefined {
    return this.#outcomes.get(runKey(run));
  }

  /** The memo answered the program run as a whole: what its requests cost was paid by another run. */
  recalled(run: RunKey): boolean {
    return this.outcome(run)?.cached ?? false;
  }

  /** Of the candidates of a step; `undefined` where none was scored yet. */
  candidateScores(prefix: string): StepScores | undefined {
    return this.#scores.of(prefix);
  }

  /** What a step gained over the baseline, row by row; `undefined` where that cannot be known. */
  gain(prefix: string, split: Split): Difference | undefined {
    return this.#gains.get(gainKey(prefix, split)) ?? undefined;
  }

  add(event: LoggedEvent): void {
    this.course.add(event);
    switch (event.type) {
      case 'step.started':
        this.#jobs.delete(event.prefix);
        this.#scores.begin(event.prefix);
        return;
      case 'example':
        this.#example(event);
        return;
      case 'evaluated':
        this.#evaluated(event);
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
    this.#scores.add(event);
    const { score, seconds, cached, error } = event;
    const key = runKey({ ...event, step: event.prefix });
    this.#outcomes.set(key, {
      score,
      seconds,
      cached: cached && (this.#outcomes.get(key)?.cached ?? true),
      error: error === undefined ? null : `${error.kind}: ${error.message}`,
    });
  }

  /** Earlier versions did not log a gain; the rows that it is made of they did. */
  #evaluated({ prefix, split, score, gain }: EventOf<'evaluated'>): void {
    const key = gainKey(prefix, split);
    const isNew = !this.#gains.has(key);
    if (prefix === '' || (isNew && this.#gains.size >= 2 * stepsShownAtMost)) return;
    if (gain !== undefined) this.#gains.set(key, gain);
    else if (isNew) this.#gains.set(key, this.#paired(prefix, split, Math.min(score.n, rowsShownAtMost)));
  }

  #paired(prefix: string, split: Split, rows: number): Difference | null {
    return pairedDifference(this.#rowScores('', split, rows), this.#rowScores(prefix, split, rows));
  }

  #rowScores(step: string, purpose: Split, rows: number): readonly (number | null)[] {
    const scoreOf = (example: number): number | null =>
      this.outcome({ step, purpose, candidate: null, example, round: 0 })?.score ?? null;
    return Array.from({ length: rows }, (_, example) => scoreOf(example));
  }

  #job(event: JobEvent): void {
    if (event.type === 'job.intended') this.#jobs.delete(event.prefix);
    const { curve, events } = this.#course(event.prefix);
    events.push({ time: event.time, message: messageOf(event) });
    if (events.length > eventsKept) events.shift();
    if (event.type !== 'job.progress' || event.step === undefined || event.loss === undefined) return;
    // A job that was adopted after a crash reports its steps again.
    while (curve.length > 0 && curve.at(-1)![0] >= event.step) curve.pop();
    if (curve.length < pointsKept) curve.push([event.step, event.loss]);
  }

  #course(prefix: string): JobCourse {
    const known = this.#jobs.get(prefix);
    if (known !== undefined) return known;
    const fresh: JobCourse = { curve: [], events: [] };
    if (this.#jobs.size < stepsShownAtMost) this.#jobs.set(prefix, fresh);
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

const gainKey = (prefix: string, split: Split): string => `${split}|${prefix}`;

/** Tells program runs apart. */
export function runKey({ step, purpose, candidate, example, round }: RunKey): string {
  return `${step}|${purpose}|${candidate ?? ''}|${example}|${round}`;
}

function messageOf(event: JobEvent): string {
  switch (event.type) {
    case 'job.intended':
      return l10n.t('{0} rows to train {1} on', event.rows, event.parent);
    case 'job.submitted':
      return event.adopted ? l10n.t('found job {0}, sent earlier', event.job) : l10n.t('sent as job {0}', event.job);
    case 'job.progress':
      return event.message;
    case 'job.finished':
      return event.cached
        ? l10n.t('{0} was trained by an earlier run', event.model)
        : l10n.t('{0} is served', event.model);
    case 'job.failed':
      return l10n.t('failed: {0}', event.error);
  }
}
