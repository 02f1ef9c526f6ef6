/** A run in few words, for the status bar, the tree and notifications. Pure. */
import type { StepView } from '../../view/runView.ts';
import { brief, count, dollars, percent, plural, signed, startName, stepName } from '../../view/words.ts';
import { devScores } from './scores.ts';
import { runName } from './runItem.ts';
import type { RunItem } from './runItem.ts';

const doing = {
  bootstrap: 'bootstrapping',
  validate: 'candidates',
  collect: 'traces',
  dev: 'dev',
  test: 'test',
  train: 'train',
} as const;

/** `p -> w: step 40/90`, `vanilla: dev 12/111`. */
export function whatRuns({ view }: Pick<RunItem, 'view'>): string {
  if (view.started === null) return 'starting';
  const step = view.steps.findLast(({ activity, job }) => activity !== null || job?.status === 'running');
  if (step === undefined) return 'working';
  return `${stepName(step.prefix, startName(view.started.from))}: ${inStep(step, view.started.splits)}`;
}

function inStep(step: StepView, splits: { readonly dev: number; readonly test: number | null }): string {
  const { job, activity, candidates } = step;
  if (job?.status === 'running') {
    return job.step === null || job.steps === null ? 'training' : `training ${job.step}/${job.steps}`;
  }
  if (activity === null) return 'working';
  if (activity.purpose === 'validate') {
    const done = candidates.filter(({ status }) => status !== 'running').length;
    return `candidates, ${done} of ${candidates.length} done`;
  }
  const of = activity.purpose === 'dev' ? splits.dev : activity.purpose === 'test' ? splits.test : null;
  return `${doing[activity.purpose]} ${count(activity.done)}${of === null ? '' : `/${count(of)}`}`;
}

/** `81.1 % (+12.4), $0.31`; what is not known is left out. */
export function whatItReached(item: RunItem): string {
  const scores = devScores(item);
  const best = scores.reduce<(typeof scores)[number] | null>((a, b) => (a === null || b.score > a.score ? b : a), null);
  const baseline = scores.find(({ prefix }) => prefix === '');
  const parts: string[] = [];
  if (best !== null) {
    const delta = baseline === undefined || best.prefix === '' ? '' : ` (${signed(best.score - baseline.score)})`;
    parts.push(`${percent(best.score)} %${delta}`);
  }
  const { usd, calls } = item.view.usage;
  if (usd !== null && usd > 0) parts.push(dollars(usd));
  else if (calls > 0) parts.push(plural(calls, 'call'));
  return parts.join(', ');
}

/** A line a run, for the status bar. */
export function whatReachedTooltip(item: RunItem): string {
  const reached = whatItReached(item);
  return `${runName(item)}: ${whatRuns(item)}${reached === '' ? '' : `; so far ${reached}`}`;
}

/** The notification when a run has ended. */
export function howItEnded(item: RunItem): { readonly text: string; readonly kind: 'done' | 'stopped' | 'failed' } {
  const { view, status } = item;
  const name = runName(item);
  if (status === 'finished') {
    const { result } = view;
    const best = result === null ? '' : `; best on dev: ${stepName(result.best, startName(view.started?.from))}`;
    return { kind: 'done', text: `${name}: ${whatItReached(item)}${best}.` };
  }
  if (view.stopped === null) return { kind: 'failed', text: `${name}: the process ended without a word.` };
  const kind = view.stopped.reason === 'failed' || view.stopped.reason === 'endpoint' ? 'failed' : 'stopped';
  return { kind, text: `${name} stopped: ${brief(view.stopped.message, 400)}` };
}
