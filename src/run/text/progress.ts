/** What a run is doing, on stderr: a live line a step on a terminal, plain lines elsewhere. */
import { candidateText } from '../../engine/optimizers/candidateText.ts';
import { activityOf, secondsLeft } from '../../view/activity.ts';
import type { Activity } from '../../view/activity.ts';
import { foldEvent } from '../../view/fold.ts';
import { emptyView } from '../../view/runView.ts';
import type { JobView } from '../../view/job.ts';
import { policyText } from '../../view/policy.ts';
import { proposalText } from '../../view/proposals.ts';
import type { RunView, StepView } from '../../view/runView.ts';
import type { LoggedEvent } from '../../protocol.ts';
import { LiveLines } from './liveLines.ts';
import { withInterval } from './table.ts';
import type { Measured } from '../work/request.ts';
import type { Screen } from './screen.ts';
import { onScreen } from './screenText.ts';
import type { ScreenText } from './screenText.ts';
import {
  brief,
  count,
  duration,
  fromText,
  measured,
  percent,
  plural,
  purposeName,
  shownNumber,
  startName,
  stepName,
  whyStopped,
} from '../../view/words.ts';

/** Without a terminal a phase whose end is not known is heard of this often. */
const sayMs = 60_000;

/** What was said of a phase where there is no terminal. */
interface Said {
  third: number;
  at: number;
}

export class Progress {
  readonly #screen: Screen;
  readonly #now: () => number;
  readonly #live: LiveLines;
  #view: RunView;
  readonly #jobs = new Map<string, number>();
  /** When work of a step was first heard of. */
  readonly #began = new Map<string, number>();
  readonly #said = new Map<string, Said>();
  /** What is under way, by step. */
  readonly #running = new Map<string, string>();

  /** @param before what the log says so far, of a run that goes on. */
  constructor(screen: Screen, now: () => number = () => performance.now(), before: RunView = emptyView) {
    this.#view = before;
    this.#screen = screen;
    this.#now = now;
    this.#live = new LiveLines(screen, now);
  }

  get view(): RunView {
    return this.#view;
  }

  /** @param quiet the event is counted and not shown. */
  onEvent(event: LoggedEvent, quiet = false): void {
    this.#view = foldEvent(this.#view, event);
    const step = 'prefix' in event ? this.#view.steps.find(({ prefix }) => prefix === event.prefix) : undefined;
    const activity = step === undefined ? null : activityOf(step, this.#view.started?.splits ?? null);
    if (step !== undefined && activity?.done === 1) this.#began.set(keyOf(step, activity), this.#now());
    if (quiet) return;
    const told = tell(event, step, this.#view);
    if (told !== null) this.line(told);
    if (step !== undefined) this.#showStep(step, event.type === 'example', activity);
  }

  /** An evaluation that is not a run of its own. */
  measured(split: 'dev' | 'test' | 'train', began: number, { done, of, failed, sum }: Measured): void {
    const share = `${split} ${count(done)}/${count(of)}, ${soFar(done, sum)}${failedSoFar(failed)}`;
    this.#show('', `${share}${this.#pace(began, done, of, true)}`, split, began, done / of);
  }

  /** A line that stays, above the live ones. */
  line(text: string | ScreenText): void {
    this.#live.erase();
    this.#screen.err(onScreen`${text}\n`);
  }

  /** Takes the live lines away. */
  end(): void {
    this.#live.erase();
  }

  #showStep(step: StepView, counted: boolean, activity: Activity | null): void {
    const { prefix, job } = step;
    if (job?.status === 'running') {
      const began = this.#jobs.get(prefix) ?? this.#now();
      this.#jobs.set(prefix, began);
      const pace = this.#pace(began, job.step ?? 0, job.steps, false);
      const share = job.steps === null ? null : (job.step ?? 0) / job.steps;
      this.#show(prefix, `${describeJob(job, step)}${pace}`, `job ${job.hash}`, began, share);
    } else if (activity === null) {
      this.#running.delete(prefix);
      this.#jobs.delete(prefix);
    } else if (counted) {
      const { work, done, of } = activity;
      const began = this.#began.get(keyOf(step, activity)) ?? this.#now();
      const pace = this.#pace(began, done, of, true);
      const text = `${describe(prefix, activity, this.#view)}${pace}`;
      this.#show(prefix, text, work, began, of === null ? null : done / of);
    }
  }

  /** `, 8.3/s, 12 s left`. */
  #pace(began: number, done: number, of: number | null, withRate: boolean): string {
    const seconds = (this.#now() - began) / 1000;
    if (seconds < 1 || done < 2) return '';
    const rate = done / seconds;
    const left = secondsLeft(seconds, done, of);
    return `${withRate ? `, ${rate.toFixed(1)}/s` : ''}${left === null ? '' : `, ${duration(left)} left`}`;
  }

  /** @param share of the phase that is done; `null`: unknown. */
  #show(prefix: string, text: string, phase: string, began: number, share: number | null): void {
    if (this.#screen.live) {
      this.#running.set(prefix, text);
      this.#live.draw([...this.#running.values()]);
      return;
    }
    // Without a terminal: a line every third of a phase that can be measured, one a minute of the others.
    const key = `${prefix}|${phase}|${began}`;
    const said = this.#said.get(key) ?? { third: 0, at: began };
    this.#said.set(key, said);
    const third = Math.floor((share ?? 0) * 3);
    const due = share === null ? this.#now() - said.at >= sayMs : third > said.third && share < 1;
    if (!due) return;
    said.third = third;
    said.at = this.#now();
    this.line(text);
  }
}

const keyOf = ({ prefix }: StepView, { work }: Activity): string => `${prefix}|${work}`;

function describe(prefix: string, { work, done, of, sum, failed }: Activity, view: RunView): string {
  const calls = `${count(view.usage.calls)} calls, ${count(view.usage.cached)} from memo`;
  const share = of === null ? count(done) : `${count(done)}/${count(of)}`;
  // Of candidates the hard rows come first: a mean of them would be taken for a score.
  const score = work === 'validate' ? '' : `, ${soFar(done, sum)}`;
  return `${nameIn(view, prefix)}: ${purposeName[work]} ${share}${score}${failedSoFar(failed)}, ${calls}`;
}

const failedSoFar = (failed: number): string => (failed > 0 ? `, ${failed} failed` : '');

const nameIn = ({ started }: RunView, prefix: string): string => stepName(prefix, startName(started?.from));

const soFar = (done: number, sum: number): string => `${percent((100 * sum) / Math.max(1, done))} % so far`;

function describeJob(job: JobView, step: StepView): string {
  const place = job.step === null || job.steps === null ? brief(job.message, 60) : `step ${job.step}/${job.steps}`;
  const numbers = measured(job.loss, job.metrics);
  return `${stepName(step.prefix)}: training on ${plural(job.rows, 'row')}, ${place}${numbers === '' ? '' : `, ${numbers}`}`;
}

/** What is worth a line that stays. */
function tell(event: LoggedEvent, step: StepView | undefined, view: RunView): string | null {
  switch (event.type) {
    case 'run.started':
      return started(event);
    case 'step.started':
      return `${stepName(event.prefix)}: ${step?.step?.title ?? event.kind} on ${plural(event.examples, 'example')}`;
    case 'candidate.finished':
      return candidate(event, step);
    case 'step.finished':
      return step === undefined || step.proposals === null ? null : `${event.prefix}: ${proposalText(step.proposals)}`;
    case 'rows.collected':
      return `${event.prefix}: ${event.correct} of ${plural(event.tried, 'trace')} correct, ${plural(event.rows, 'training row')}`;
    case 'policy.updated':
      return `${event.prefix}: ${policyText(event)}`;
    case 'job.submitted':
      return `${event.prefix}: job ${brief(event.job, 80)} ${event.adopted ? 'found again and adopted' : 'started'}`;
    case 'job.finished':
      return `${event.prefix}: ${event.cached ? 'already trained' : `trained in ${duration(event.seconds)}`}, served as ${brief(event.model, 80)}`;
    case 'job.failed':
      return `${event.prefix}: training failed: ${brief(event.error)}`;
    case 'step.skipped':
      return `${event.prefix}: – ${brief(event.reason)}`;
    case 'evaluated':
      return `${nameIn(view, event.prefix)}: ${event.split} ${withInterval(event.score)}${failures(event.score.failed)}`;
    case 'warning':
      return `warning: ${brief(event.message, 1000)}`;
    default:
      return null;
  }
}

function started(event: Extract<LoggedEvent, { type: 'run.started' }>): string {
  const { run, program, strategy, model, endpoint, splits, seed, resumed, from } = event;
  const rows = `${splits.train} train, ${splits.dev} dev${splits.test === null ? '' : `, ${splits.test} test`} rows`;
  const what = strategy === '' ? `${startName(from)} only` : strategy;
  return `run ${run}${resumed ? ' (resumed)' : ''}: ${program}, ${what}, ${model} on ${endpoint}, ${rows}, seed ${seed}${fromText(from)}`;
}

function candidate(event: Extract<LoggedEvent, { type: 'candidate.finished' }>, step: StepView | undefined): string {
  const known = step?.candidates.find((one) => one.candidate === event.candidate);
  const text = known === undefined ? null : candidateText(step?.step?.kind, known.about);
  const what = text === null || text.brief === '' ? '' : ` (${brief(text.brief, 100)})`;
  const score =
    event.score === null
      ? `stopped after ${event.scored} of ${event.of}, it ${whyStopped(event.unlikely)}`
      : `${percent(event.score.score)} % of ${event.of}`;
  return `${event.prefix}: candidate ${shownNumber(event.candidate)}${what}: ${score}`;
}

function failures(failed: number): string {
  return failed === 0 ? '' : `, ${plural(failed, 'row')} failed`;
}
