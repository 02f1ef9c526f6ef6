import { prefixesOf, stepsIn } from '../data/strategy.ts';
import { candidatesShownAtMost, shownCharactersAtMost, stepsShownAtMost, warningsShownAtMost } from '../base/limits.ts';
import type { LoggedEvent, Usage } from '../protocol.ts';
import { addUsage, emptyView, isLatticeKey, stepBefore, waitingStep } from './runView.ts';
import type { ActivityView, CandidateView, JobView, Purpose, RunView, Split, StepView } from './runView.ts';

type EventOf<T extends LoggedEvent['type']> = Extract<LoggedEvent, { type: T }>;
type StepEvent = Extract<LoggedEvent, { prefix: string }>;

/** The picture that a run's events add up to. */
export function foldEvents(events: Iterable<LoggedEvent>, view: RunView = emptyView): RunView {
  let folded = view;
  for (const event of events) folded = foldEvent(folded, event);
  return folded;
}

/**
 * The picture after one more event. A resumed run tells its steps again: what it tells replaces what was there, and
 * what it took comes on top.
 */
export function foldEvent(view: RunView, event: LoggedEvent): RunView {
  const next: RunView = { ...view, began: view.began ?? event.time, updated: event.time };
  switch (event.type) {
    case 'run.started':
      return {
        ...next,
        started: event,
        steps: plannedSteps(event, view.steps),
        end: 'open',
        stopped: null,
        result: null,
      };
    case 'usage':
      return { ...next, usage: event.usage };
    case 'warning':
      return { ...next, warnings: withWarning(view.warnings, event.message) };
    case 'run.stopped':
      return { ...next, end: 'stopped', stopped: event };
    case 'run.finished':
      return { ...next, end: 'finished', result: event.result, usage: event.result.usage };
    default:
      return { ...next, steps: inStep(view.steps, event) };
  }
}

function withWarning(known: readonly string[], message: string): readonly string[] {
  const shown = message.length > shownCharactersAtMost ? `${message.slice(0, shownCharactersAtMost)}…` : message;
  if (known.includes(shown) || known.length > warningsShownAtMost) return known;
  return [...known, known.length === warningsShownAtMost ? 'There are more warnings than are shown.' : shown];
}

function plannedSteps(event: EventOf<'run.started'>, before: readonly StepView[]): readonly StepView[] {
  const names = stepsIn(event.strategy);
  const infos = event.steps ?? names.map(stepBefore);
  return prefixesOf(names).map(
    (prefix, i) => before.find((step) => step.prefix === prefix) ?? waitingStep(prefix, infos[i - 1] ?? null),
  );
}

function inStep(steps: readonly StepView[], event: StepEvent): readonly StepView[] {
  const place = steps.findIndex((step) => step.prefix === event.prefix);
  if (place >= 0) return steps.with(place, foldStep(steps[place]!, event));
  return steps.length >= stepsShownAtMost ? steps : [...steps, foldStep(waitingStep(event.prefix, null), event)];
}

function foldStep(step: StepView, event: StepEvent): StepView {
  switch (event.type) {
    case 'step.started': {
      const { step: info, evaluations, usage, seconds } = step;
      const fresh = waitingStep(event.prefix, info);
      return { ...fresh, status: 'running', examples: event.examples, evaluations, usage, seconds };
    }
    case 'candidate.started':
      return { ...step, candidates: withCandidate(step.candidates, startedCandidate(event)) };
    case 'candidate.finished':
      return { ...step, candidates: step.candidates.map((one) => finished(one, event)) };
    case 'example':
      return { ...step, activity: counted(step.activity, event), failing: withFailure(step.failing, event) };
    case 'rows.collected':
      return { ...step, collected: { tried: event.tried, correct: event.correct, rows: event.rows }, activity: null };
    case 'job.intended':
    case 'job.submitted':
    case 'job.progress':
    case 'job.finished':
    case 'job.failed':
      return { ...step, job: foldJob(step.job, event), activity: null };
    case 'step.finished': {
      const { candidate: chosen, state } = event;
      return { ...step, status: 'done', chosen, state, ...taken(step, event), activity: null };
    }
    case 'step.skipped': {
      const { reason, seconds, usage } = event;
      const took = seconds === undefined || usage === undefined ? {} : taken(step, { seconds, usage });
      return { ...step, status: 'skipped', reason, ...took, activity: null };
    }
    case 'evaluated': {
      const { score, split } = event;
      const evaluations = { ...step.evaluations, [split]: { score, ...taken(step.evaluations[split], event) } };
      const stepless = step.prefix === '' || isLatticeKey(step.prefix);
      return { ...step, evaluations, activity: null, ...(stepless && { status: 'done' as const }) };
    }
  }
}

interface Taken {
  readonly usage: Usage;
  readonly seconds: number;
}

/** What a step took in this session, on top of what it took in earlier ones. */
function taken(
  before: { readonly usage: Usage | null; readonly seconds: number | null } | undefined,
  { usage, seconds }: Taken,
): Taken {
  return {
    usage: before?.usage ? addUsage(before.usage, usage) : usage,
    seconds: (before?.seconds ?? 0) + seconds,
  };
}

/** The failure of the first row, whichever row ends first: the same each time. */
function withFailure(known: StepView['failing'], event: EventOf<'example'>): StepView['failing'] {
  const { purpose, candidate, example, error } = event;
  if (error === undefined || candidate !== null || !isSplit(purpose)) return known;
  const first = known[purpose];
  return first !== undefined && first.example <= example ? known : { ...known, [purpose]: { example, error } };
}

const isSplit = (purpose: Purpose): purpose is Split => purpose === 'dev' || purpose === 'test' || purpose === 'train';

function startedCandidate(event: EventOf<'candidate.started'>): CandidateView {
  const { candidate, about } = event;
  return { candidate, about, status: 'running', score: null };
}

function withCandidate(all: readonly CandidateView[], one: CandidateView): readonly CandidateView[] {
  const place = all.findIndex(({ candidate }) => candidate === one.candidate);
  if (place >= 0) return all.with(place, one);
  if (all.length >= candidatesShownAtMost) return all;
  return [...all, one].sort((a, b) => a.candidate - b.candidate);
}

function finished(one: CandidateView, event: EventOf<'candidate.finished'>): CandidateView {
  if (one.candidate !== event.candidate) return one;
  return { ...one, status: event.score === null ? 'stoppedEarly' : 'done', score: event.score };
}

/** Counts within one purpose; candidates that are validated side by side count together. */
function counted(activity: ActivityView | null, event: EventOf<'example'>): ActivityView {
  const { purpose, candidate } = event;
  const same = activity?.purpose === purpose;
  const base = same ? activity : { purpose, candidate, done: 0, sum: 0, cached: 0, failed: 0 };
  return {
    purpose,
    candidate: base.candidate === candidate ? candidate : null,
    done: base.done + 1,
    sum: base.sum + event.score,
    cached: base.cached + (event.cached ? 1 : 0),
    failed: base.failed + (event.error === undefined ? 0 : 1),
  };
}

type JobEvent = EventOf<'job.intended' | 'job.submitted' | 'job.progress' | 'job.finished' | 'job.failed'>;

function foldJob(before: JobView | null, event: JobEvent): JobView {
  const job = before ?? emptyJob;
  switch (event.type) {
    case 'job.intended':
      return { ...emptyJob, hash: event.hash, rows: event.rows };
    case 'job.submitted':
      return { ...job, hash: event.hash, id: event.job, status: 'running' };
    case 'job.progress': {
      const { step = job.step, steps = job.steps, loss = job.loss, message } = event;
      return { ...job, id: event.job, status: 'running', step, steps, loss, message };
    }
    case 'job.finished': {
      const { hash, job: id, model, cached } = event;
      return { ...job, hash, id, status: 'succeeded', model, cached };
    }
    case 'job.failed':
      return { ...job, hash: event.hash, id: event.job, status: 'failed', message: event.error };
  }
}

const emptyJob: JobView = {
  hash: '',
  id: null,
  status: 'intended',
  rows: 0,
  step: null,
  steps: null,
  loss: null,
  message: '',
  model: null,
  cached: false,
};
