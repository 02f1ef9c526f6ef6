/** A step as a card of the strategy's line: what it scored, what it gained and what it took. */
import * as l10n from '../src/base/l10n.ts';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Snapshot, StepRow } from '../src/viewProtocol/snapshot.ts';
import {
  capitalized,
  count,
  dollars,
  duration,
  percent,
  purposeName,
  startName,
  stepName,
  stepTitle,
} from '../src/view/words.ts';
import type { Actions } from './actions.ts';
import { failedRows, leftText, progressBar, scoreBar, scoreRange } from './parts.ts';
import { gainPart } from './verdictView.ts';

type Evaluation = NonNullable<StepRow['evaluations']['dev']>;

const statusName = {
  waiting: l10n.t('waiting'),
  running: l10n.t('running'),
  stopped: l10n.t('stopped here'),
  done: l10n.t('done'),
  skipped: l10n.t('no result'),
} as const;

export function stepCard(step: StepRow, snapshot: Snapshot, open: boolean, actions: Actions): TemplateResult {
  const { prefix, status, reason } = step;
  const { dev, test } = step.evaluations;
  return html`<li class=${`card ${status} ${open ? 'open' : ''}`}>
    <button type="button" class="card-title" aria-pressed=${open} @click=${() => actions.keep({ step: prefix })}>
      ${stepName(prefix, startName(snapshot.asked.from))}
    </button>
    <p class="muted">
      ${stepTitle(step.step, snapshot.asked.from)},
      ${statusName[status]}${prefix === snapshot.best ? `, ${l10n.t('best on dev')}` : ''}
    </p>
    ${dev === undefined ? html`<p class="big muted">–</p>` : scored(prefix, 'dev', dev, actions)}
    ${test === undefined ? nothing : scored(prefix, 'test', test, actions)}
    ${reason === null ? nothing : html`<p class="bad">${reason}</p>`} ${working(step, snapshot, actions)}
    <p class="muted">${spent(step, snapshot)}</p>
  </li>`;
}

function scored(step: string, split: 'dev' | 'test', { score, gain }: Evaluation, actions: Actions): TemplateResult {
  return html`<p class=${split === 'dev' ? 'big' : 'big second'}>
      ${percent(score.score)}<span class="unit"> % ${split}</span> ${gain === undefined ? nothing : gainPart(gain)}
    </p>
    ${scoreBar(score)}
    <p class="muted">${scoreRange(score)} ${failedRows(score, () => actions.showFailed(step, split))}</p>`;
}

function working(
  { activity, prefix }: StepRow,
  { status }: Snapshot,
  actions: Actions,
): TemplateResult | typeof nothing {
  if (activity === null) return nothing;
  const { work, done, of, failed, since } = activity;
  const left = status === 'running' ? leftText(since, done, of) : '';
  return html`<p>
    ${progressBar(done, of, capitalized(purposeName[work]), left)}
    ${failedRows({ failed }, () => actions.showTraces({ step: prefix, outcome: 'failed' }))}
  </p>`;
}

/** Time and money of the step with its scoring. */
function spent({ seconds, usage, evaluations: { dev, test } }: StepRow, run: Snapshot): string {
  const parts = [usage, dev?.usage ?? null, test?.usage ?? null].filter((one) => one !== null);
  if (parts.length === 0) return '';
  // Beside a sum that is unknown, a step that paid nothing says nothing.
  const unknown = run.usage.usd === null || parts.some((one) => one.usd === null);
  const usd = unknown ? null : parts.reduce((sum, one) => sum + (one.usd ?? 0), 0);
  const calls = parts.reduce((sum, one) => sum + one.calls, 0);
  const cached = parts.reduce((sum, one) => sum + one.cached, 0);
  const time = (seconds ?? 0) + (dev?.seconds ?? 0) + (test?.seconds ?? 0);
  // What is unknown is said once, in the head of the page.
  const cost = usd === null ? '' : `${dollars(usd)}, `;
  return `${duration(time)}, ${cost}${l10n.t('{0} calls paid, {1} from the memo', count(calls), count(cached))}`;
}
