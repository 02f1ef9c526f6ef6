import * as l10n from '../base/l10n.ts';
import { given } from '../base/given.ts';
import { prefixesOf, stepsIn } from '../data/strategy.ts';
import { shownCharactersAtMost, stepsShownAtMost, warningsShownAtMost } from '../base/limits.ts';
import type { EventOf, LoggedEvent, Purpose, Usage } from '../protocol.ts';
import { foldCandidates } from './candidate.ts';
import { foldJob } from './job.ts';
import { foldPolicy } from './policy.ts';
import { foldProposals } from './proposals.ts';
import { addUsage, emptyView, isLatticeKey, waitingStep } from './runView.ts';
import type { RunView, Split, StepView } from './runView.ts';
import { foldWorkTime } from './workTime.ts';
import { without, withRun, workOf } from './work.ts';

type StepEvent = Extract<LoggedEvent, { prefix: string }>;

/** The picture that a run's events add up to. */
export function foldEvents(events: Iterable<LoggedEvent>, view: RunView = emptyView): RunView {
  let folded = view;
  for (const event of events) folded = foldEvent(folded, event);
  return folded;
}

/**
 * The picture after one more event. A resumed run logs its steps again: what it logs replaces the earlier steps, and
 * what it took comes on top.
 */
export function foldEvent(view: RunView, event: LoggedEvent): RunView {
  const worked = foldWorkTime(view, event);
  const next: RunView = { ...view, began: view.began ?? event.time, updated: event.time, worked };
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
      return { ...next, usage: event.usage, countedCalls: event.spent?.calls ?? next.countedCalls };
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
  return [...known, known.length === warningsShownAtMost ? l10n.t('There are more warnings than are shown.') : shown];
}

function plannedSteps(event: EventOf<'run.started'>, before: readonly StepView[]): readonly StepView[] {
  return prefixesOf(stepsIn(event.strategy)).map((prefix, i) => {
    const known = before.find((step) => step.prefix === prefix);
    // What was counted was of the session before.
    return known === undefined
      ? waitingStep(prefix, event.steps?.[i - 1] ?? null)
      : { ...known, work: {}, atWork: null };
  });
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
      const search = { ...fresh.search, ...event.search };
      return { ...fresh, status: 'running', examples: event.examples, search, evaluations, usage, seconds };
    }
    case 'candidate.started':
      return { ...step, candidates: foldCandidates(step.candidates, event) };
    case 'candidate.finished':
      return {
        ...step,
        candidates: foldCandidates(step.candidates, event),
        search: searched(step.search, event),
      };
    case 'example':
      return {
        ...step,
        work: withRun(step.work, event, event.time),
        atWork: workOf(event),
        candidates: foldCandidates(step.candidates, event),
        failing: withFailure(step.failing, event),
      };
    case 'proposal':
      return { ...step, proposals: foldProposals(step.proposals, event) };
    case 'policy.updated':
      return { ...step, policy: foldPolicy(step.policy, event), work: without(step.work, 'rollout'), atWork: null };
    case 'rows.collected':
      return { ...step, collected: collectedRows(event), atWork: null };
    case 'job.intended':
    case 'job.submitted':
    case 'job.progress':
    case 'job.finished':
    case 'job.failed':
      return { ...step, job: foldJob(step.job, event), atWork: null };
    case 'step.finished': {
      const { candidate: chosen, state } = event;
      return { ...step, status: 'done', chosen, state, ...taken(step, event), atWork: null };
    }
    case 'step.skipped': {
      const { reason, seconds, usage } = event;
      const took = seconds === undefined || usage === undefined ? {} : taken(step, { seconds, usage });
      return { ...step, status: 'skipped', reason, ...took, atWork: null };
    }
    case 'evaluated': {
      const { score, gain, split } = event;
      const took = taken(step.evaluations[split], event);
      const evaluations = { ...step.evaluations, [split]: { score, ...given({ gain }), ...took } };
      const stepless = step.prefix === '' || isLatticeKey(step.prefix);
      return {
        ...step,
        evaluations,
        work: without(step.work, split),
        atWork: null,
        ...(stepless && { status: 'done' as const }),
      };
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

function collectedRows({ tried, correct, rows, byPredictor }: EventOf<'rows.collected'>): StepView['collected'] {
  return { tried, correct, rows, byPredictor };
}

function searched(search: StepView['search'], event: EventOf<'candidate.finished'>): StepView['search'] {
  const { score, scored, of } = event;
  const validation = search.validation ?? of;
  // Stopped early, or meant for some of the rows alone.
  const spared = Math.max(0, validation - of) + (score === null ? Math.max(0, of - scored) : 0);
  return { ...search, validation, spared: search.spared + spared };
}
