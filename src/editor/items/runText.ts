/** A run in few words, for the status bar, the tree and notifications. Pure. */
import * as l10n from '../../base/l10n.ts';
import { formatStrategy } from '../../data/strategy.ts';
import { activityOf } from '../../view/activity.ts';
import { chance, runVerdict } from '../../view/gain.ts';
import type { Started, StepView } from '../../view/runView.ts';
import { brief, count, dollars, percent, purposeName, signed, startName, stepName } from '../../view/words.ts';
import { withoutCommand } from '../../run/work/advice.ts';
import { devScores, gainOf } from './scores.ts';
import { runName } from './runItem.ts';
import type { RunItem } from './runItem.ts';
import { counted } from '../../view/counted.ts';

/** `p -> w: step 40/90`, `baseline: dev 12/111`. */
export function whatRuns({ view }: Pick<RunItem, 'view'>): string {
  if (view.started === null) return l10n.t('starting');
  const step = view.steps.findLast(({ atWork, job }) => atWork !== null || job?.status === 'running');
  if (step === undefined) return l10n.t('working');
  return `${stepName(step.prefix, startName(view.started.from))}: ${inStep(step, view.started.splits)}`;
}

function inStep(step: StepView, splits: Started['splits']): string {
  const { job, candidates } = step;
  if (job?.status === 'running') {
    return job.step === null || job.steps === null ? l10n.t('training') : l10n.t`training ${job.step}/${job.steps}`;
  }
  const activity = activityOf(step, splits);
  if (activity === null) return l10n.t('working');
  const { work, done, of } = activity;
  if (work === 'validate') {
    const ended = candidates.filter(({ status }) => status !== 'running').length;
    return l10n.t`candidates, ${ended} of ${candidates.length} done`;
  }
  return `${purposeName[work]} ${count(done)}${of === null ? '' : `/${count(of)}`}`;
}

/** `p -> w, base, seed 0`: what tells the runs of a program apart. */
export function whichRun({ manifest }: Pick<RunItem, 'manifest'>): string {
  const { strategy, model, seed } = manifest.asked;
  return `${stepName(formatStrategy(strategy))}, ${model}, ${seedText(seed)}`;
}

export const seedText = (seed: number): string => l10n.t`seed ${seed}`;

/** `81.1 % (+12.4), $0.31`, `83.3 % (+3.0, may be chance), 40 calls`; what is not known is left out. */
export function whatItReached(item: RunItem): string {
  const best = bestOf(item);
  const baseline = devScores(item).find(({ prefix }) => prefix === '');
  const parts: string[] = [];
  if (best !== null) {
    parts.push(`${percent(best.score)} %${gained(item, best, baseline)}`);
  }
  const { usd, calls } = item.view.usage;
  if (usd !== null && usd > 0) parts.push(dollars(usd));
  else if (calls > 0) parts.push(counted(calls, 'call'));
  return parts.join(', ');
}

type DevScore = ReturnType<typeof devScores>[number];

function bestOf(item: RunItem): DevScore | null {
  return devScores(item).reduce<DevScore | null>((a, b) => (a === null || b.score > a.score ? b : a), null);
}

/** Whether what it reached so far is better than the baseline, in a sentence; `null` where nothing can be said. */
export function verdictText(item: RunItem): string | null {
  return runVerdict(item.view, item.view.result?.best ?? bestOf(item)?.prefix ?? null)?.text ?? null;
}

/** ` (+12.4)`, ` (+3.0, may be chance)`; nothing for the baseline itself. */
function gained(item: RunItem, best: DevScore, baseline: DevScore | undefined): string {
  if (baseline === undefined || best.prefix === '') return '';
  const gain = gainOf(item, best.prefix);
  return ` (${signed(best.score - baseline.score)}${gain === null ? '' : chance(gain)})`;
}

/** A line a run, for the status bar. */
export function whatReachedTooltip(item: RunItem): string {
  const reached = whatItReached(item);
  const [name, doing] = [runName(item), whatRuns(item)];
  return reached === '' ? `${name}: ${doing}` : l10n.t`${name}: ${doing}; so far ${reached}`;
}

export type EndKind = 'done' | 'stopped' | 'failed';

/** Why a run or a comparison stopped, for who goes on with it in the editor: no command to type. */
export function whyItStopped({ reason, message }: { readonly reason: string; readonly message: string }): string {
  return reason === 'cancelled' ? l10n.t('it was cancelled.') : withoutCommand(message);
}

/** The notification when a run has ended. */
export function howItEnded(item: RunItem): { readonly text: string; readonly kind: EndKind } {
  const { view, status } = item;
  const name = runName(item);
  if (status === 'finished') {
    const { result } = view;
    const reached = whatItReached(item);
    const verdict = verdictText(item);
    if (verdict !== null) return { kind: 'done', text: `${name}: ${reached}. ${verdict}` };
    if (result === null) return { kind: 'done', text: `${name}: ${reached}.` };
    const best = stepName(result.best, startName(view.started?.from));
    return { kind: 'done', text: l10n.t`${name}: ${reached}; best on dev: ${best}.` };
  }
  if (view.stopped === null) return { kind: 'failed', text: l10n.t`${name}: the process ended without a word.` };
  const kind = view.stopped.reason === 'failed' || view.stopped.reason === 'endpoint' ? 'failed' : 'stopped';
  return { kind, text: l10n.t`${name} stopped: ${brief(whyItStopped(view.stopped), 400)}` };
}
