/** What a run is doing, on stderr: one live line on a terminal, plain lines elsewhere. */
import { foldEvent } from '../fold.ts';
import { emptyView } from '../runView.ts';
import type { ActivityView, JobView, RunView, StepView } from '../runView.ts';
import type { LoggedEvent } from '../../protocol.ts';
import { withInterval } from './table.ts';
import type { Screen } from './screen.ts';
import { count, duration, harmless, plural, short, stepName } from './words.ts';

const redrawMs = 100;
const purposeName: Readonly<Record<ActivityView['purpose'], string>> = {
  bootstrap: 'bootstrapping',
  validate: 'validating candidates',
  collect: 'collecting traces',
  dev: 'dev',
  test: 'test',
  train: 'train',
};

interface Phase {
  readonly began: number;
  /** Thirds that were told. */
  told: number;
}

export class Progress {
  readonly #screen: Screen;
  readonly #now: () => number;
  #view: RunView = emptyView;
  #drawn = '';
  #drawnAt = 0;
  /** One a step and activity: steps overlap, a state is scored while the next step searches. */
  readonly #phases = new Map<string, Phase>();
  /** What is under way, by step. */
  readonly #running = new Map<string, string>();

  constructor(screen: Screen, now: () => number = () => performance.now()) {
    this.#screen = screen;
    this.#now = now;
  }

  get view(): RunView {
    return this.#view;
  }

  onEvent(event: LoggedEvent): void {
    this.#view = foldEvent(this.#view, event);
    const step = 'prefix' in event ? this.#view.steps.find(({ prefix }) => prefix === event.prefix) : undefined;
    const told = tell(event, step);
    if (told !== null) this.line(told);
    if (step !== undefined) this.#showStep(step);
  }

  /** A line that stays, above the live one. */
  line(text: string): void {
    this.#erase();
    this.#screen.err(`${text}\n`);
  }

  /** Takes the live line away. */
  end(): void {
    this.#erase();
  }

  #showStep(step: StepView): void {
    const job = step.job?.status === 'running' ? step.job : null;
    if (job === null && step.activity === null) {
      this.#running.delete(step.prefix);
      return;
    }
    const phase = this.#phaseOf(`${step.prefix}|${job?.id ?? step.activity?.purpose ?? ''}`);
    const done = job === null ? (step.activity?.done ?? 0) : (job.step ?? 0);
    const of = job === null ? expected(this.#view, step) : job.steps;
    const text = job === null ? describe(step.activity!, step, of, this.#view) : describeJob(job, step);
    this.#show(step, `${text}${this.#pace(phase, done, of, job === null)}`, phase, of === null ? 0 : done / of);
  }

  #phaseOf(name: string): Phase {
    const known = this.#phases.get(name);
    if (known !== undefined) return known;
    const phase = { began: this.#now(), told: 0 };
    this.#phases.set(name, phase);
    return phase;
  }

  /** `, 8.3/s, 12 s left`. */
  #pace({ began }: Phase, done: number, of: number | null, withRate: boolean): string {
    const seconds = (this.#now() - began) / 1000;
    if (seconds < 1 || done < 2) return '';
    const rate = done / seconds;
    const left = of === null || of <= done ? '' : `, ${duration((of - done) / rate)} left`;
    return `${withRate ? `, ${rate.toFixed(1)}/s` : ''}${left}`;
  }

  #show(step: StepView, text: string, phase: Phase, share: number): void {
    if (this.#screen.live) {
      this.#running.set(step.prefix, text);
      this.#draw([...this.#running.values()].join(' | '));
      return;
    }
    // Without a terminal a line every third of a phase that can be measured, and none for the others.
    const third = Math.floor(share * 3);
    if (third <= phase.told || share >= 1) return;
    phase.told = third;
    this.line(text);
  }

  #draw(text: string): void {
    const now = this.#now();
    if (now - this.#drawnAt < redrawMs && this.#drawn !== '') return;
    this.#drawnAt = now;
    this.#drawn = text.slice(0, Math.max(20, this.#screen.columns() - 1));
    this.#screen.err(`\r\u001B[2K${this.#drawn}`);
  }

  #erase(): void {
    if (this.#drawn !== '') this.#screen.err('\r\u001B[2K');
    this.#drawn = '';
  }
}

function describe(activity: ActivityView, step: StepView, of: number | null, view: RunView): string {
  const { purpose, done, sum, candidate, failed } = activity;
  const which = purpose === 'validate' && candidate !== null ? `candidate ${candidate}` : purposeName[purpose];
  const score = `${((100 * sum) / Math.max(1, done)).toFixed(1)} %`;
  const failures = failed > 0 ? `, ${failed} failed` : '';
  const calls = `${short(view.usage.calls)} calls, ${short(view.usage.cached)} from memo`;
  const share = of === null ? count(done) : `${count(done)}/${count(of)}`;
  return `${stepName(step.prefix)}: ${which} ${share}, ${score} so far${failures}, ${calls}`;
}

function describeJob(job: JobView, step: StepView): string {
  const place = job.step === null || job.steps === null ? harmless(job.message, 60) : `step ${job.step}/${job.steps}`;
  return `${stepName(step.prefix)}: training on ${plural(job.rows, 'row')}, ${place}${job.loss === null ? '' : `, loss ${job.loss.toFixed(3)}`}`;
}

/** How many program runs the activity will take, where that can be known. */
function expected(view: RunView, step: StepView): number | null {
  const splits = view.started?.splits;
  switch (step.activity?.purpose) {
    case 'dev':
      return splits?.dev ?? null;
    case 'test':
      return splits?.test ?? null;
    case 'train':
      return splits?.train ?? null;
    default:
      return null;
  }
}

/** What is worth a line that stays. */
function tell(event: LoggedEvent, step: StepView | undefined): string | null {
  switch (event.type) {
    case 'run.started':
      return started(event);
    case 'step.started':
      return `${stepName(event.prefix)}: ${event.kind === 'p' ? 'searching prompts' : 'fine-tuning weights'} on ${plural(event.examples, 'example')}`;
    case 'candidate.finished':
      return candidate(event, step);
    case 'rows.collected':
      return `${event.prefix}: ${event.correct} of ${plural(event.tried, 'trace')} correct, ${plural(event.rows, 'training row')}`;
    case 'job.submitted':
      return `${event.prefix}: job ${harmless(event.job, 80)} ${event.adopted ? 'found again and adopted' : 'started'}`;
    case 'job.finished':
      return `${event.prefix}: ${event.cached ? 'already trained' : `trained in ${duration(event.seconds)}`}, served as ${harmless(event.model, 80)}`;
    case 'job.failed':
      return `${event.prefix}: training failed: ${harmless(event.error)}`;
    case 'step.skipped':
      return `${event.prefix}: – ${harmless(event.reason)}`;
    case 'evaluated':
      return `${stepName(event.prefix)}: ${event.split} ${withInterval(event.score)}${failures(event.score.failed)}`;
    case 'warning':
      return `warning: ${harmless(event.message, 1000)}`;
    default:
      return null;
  }
}

function started(event: Extract<LoggedEvent, { type: 'run.started' }>): string {
  const { run, program, strategy, model, endpoint, splits, seed, resumed } = event;
  const rows = `${splits.train} train, ${splits.dev} dev${splits.test === null ? '' : `, ${splits.test} test`} rows`;
  const what = strategy === '' ? 'vanilla only' : strategy;
  return `run ${run}${resumed ? ' (resumed)' : ''}: ${program}, ${what}, ${model} on ${endpoint}, ${rows}, seed ${seed}`;
}

function candidate(event: Extract<LoggedEvent, { type: 'candidate.finished' }>, step: StepView | undefined): string {
  const known = step?.candidates.find((one) => one.candidate === event.candidate);
  const what = known === undefined ? '' : ` (${describeSource(known.source, known.demos)})`;
  const score =
    event.score === null
      ? `stopped after ${event.scored} of ${event.of}, it could no longer win`
      : `${event.score.score.toFixed(1)} % of ${event.of}`;
  return `${event.prefix}: candidate ${event.candidate}${what}: ${score}`;
}

function describeSource(source: 'zeroShot' | 'labels' | 'bootstrap', demos: number): string {
  if (source === 'zeroShot') return 'no demos';
  return `${plural(demos, 'demo')}${source === 'labels' ? ', labelled' : ''}`;
}

function failures(failed: number): string {
  return failed === 0 ? '' : `, ${plural(failed, 'row')} failed`;
}
