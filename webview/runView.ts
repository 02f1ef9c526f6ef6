/** The strategy as a line of steps, and the details of one of them. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Snapshot, StepInfo, StepRow } from '../src/viewProtocol.ts';
import type { Actions } from './actions.ts';
import { candidatesView } from './candidatesView.ts';
import { proposalText } from '../src/view/proposals.ts';
import {
  capitalized,
  count,
  dollars,
  duration,
  percent,
  purposeName,
  signed,
  startName,
  stepName,
  stepTitle,
} from '../src/view/words.ts';
import type { Model } from './model.ts';
import { failedRows, progressBar, scoreBar, scoreRange } from './parts.ts';
import { shownStep, stateBefore } from './shownStep.ts';
import { trainingView } from './trainingView.ts';

export function runView(model: Model, snapshot: Snapshot, actions: Actions): TemplateResult {
  const shown = shownStep(snapshot, model.kept.step);
  return html`<section aria-label="Strategy">
      <ol class="timeline">
        ${snapshot.steps.map((step) => card(step, snapshot, step === shown, actions))}
      </ol>
    </section>
    ${shown === undefined ? nothing : details(shown, model, snapshot, actions)}`;
}

const statusName = {
  waiting: 'waiting',
  running: 'running',
  stopped: 'stopped here',
  done: 'done',
  skipped: 'no result',
} as const;

function card(step: StepRow, snapshot: Snapshot, open: boolean, actions: Actions): TemplateResult {
  const { prefix, status, reason } = step;
  const { dev = null, test = null } = step.evaluations;
  const baseline = snapshot.steps.find((one) => one.prefix === '')?.evaluations.dev ?? null;
  const delta = dev !== null && baseline !== null && prefix !== '' ? dev.score.score - baseline.score.score : null;
  return html`<li class=${`card ${status} ${open ? 'open' : ''}`}>
    <button type="button" class="card-title" aria-pressed=${open} @click=${() => actions.keep({ step: prefix })}>
      ${stepName(prefix, startName(snapshot.asked.from))}
    </button>
    <p class="muted">
      ${stepTitle(step.step, snapshot.asked.from)},
      ${statusName[status]}${prefix === snapshot.best ? ', best on dev' : ''}
    </p>
    ${
      dev === null
        ? html`<p class="big muted">–</p>`
        : html`<p class="big">
              ${percent(dev.score.score)}<span class="unit"> % dev</span>
              ${delta === null ? nothing : html`<span class=${`delta ${delta > 0 ? 'good' : delta < 0 ? 'bad' : ''}`}>${signed(delta)}</span>`}
            </p>
            ${scoreBar(dev.score)}
            <p class="muted">
              ${scoreRange(dev.score)} ${failedRows(dev.score, () => actions.showFailed(prefix, 'dev'))}
            </p>`
    }
    ${
      test === null
        ? nothing
        : html`<p>
            ${percent(test.score.score)} % test ${failedRows(test.score, () => actions.showFailed(prefix, 'test'))}
          </p>`
    }
    ${reason === null ? nothing : html`<p class="bad">${reason}</p>`} ${working(step, actions)}
    <p class="muted">${spent(step)}</p>
  </li>`;
}

function working({ activity, prefix }: StepRow, actions: Actions): TemplateResult | typeof nothing {
  if (activity === null) return nothing;
  const { work, done, of, failed } = activity;
  return html`<p>
    ${progressBar(done, of, capitalized(purposeName[work]))}
    ${failedRows({ failed }, () => actions.showTraces({ step: prefix, outcome: 'failed' }))}
  </p>`;
}

/** Time and money of the step with its scoring. */
function spent({ seconds, usage, evaluations: { dev, test } }: StepRow): string {
  const parts = [usage, dev?.usage ?? null, test?.usage ?? null].filter((one) => one !== null);
  if (parts.length === 0) return '';
  const usd = parts.some((one) => one.usd === null) ? null : parts.reduce((sum, one) => sum + (one.usd ?? 0), 0);
  const calls = parts.reduce((sum, one) => sum + one.calls, 0);
  const cached = parts.reduce((sum, one) => sum + one.cached, 0);
  const time = (seconds ?? 0) + (dev?.seconds ?? 0) + (test?.seconds ?? 0);
  // What is unknown is said once, in the head of the page.
  const cost = usd === null ? '' : `${dollars(usd)}, `;
  return `${duration(time)}, ${cost}${count(calls)} calls paid, ${count(cached)} from the memo`;
}

function details(step: StepRow, model: Model, snapshot: Snapshot, actions: Actions): TemplateResult {
  const title = stepTitle(step.step, snapshot.asked.from);
  const name = stepName(step.prefix, startName(snapshot.asked.from));
  return html`<section class="details" aria-label=${`Details of ${name}`}>
    <h2>${name}: ${title}</h2>
    ${
      step.step === null
        ? html`<p class="muted">${title}, on ${snapshot.asked.model}: what every step is compared with.</p>`
        : content(step, step.step, model, snapshot, actions)
    }
  </section>`;
}

/** What a step has, whatever its kind: a job, candidates, both, or not yet either. */
function content(
  step: StepRow,
  { changes }: StepInfo,
  model: Model,
  snapshot: Snapshot,
  actions: Actions,
): TemplateResult {
  const trains = changes === 'weights' || step.job !== null || step.collected !== null;
  const tries = step.candidates.length > 0 || !trains;
  return html`${promptsButton(step, snapshot, actions)}
  ${step.proposals === null ? nothing : html`<p>${proposalText(step.proposals)}</p>`}
  ${trains ? trainingView(step, model, actions) : nothing}
  ${tries ? candidatesView(step, model, snapshot, actions) : nothing}`;
}

function promptsButton(step: StepRow, snapshot: Snapshot, actions: Actions): TemplateResult | typeof nothing {
  if (step.status !== 'done') return nothing;
  return html`<div class="toolbar" role="group" aria-label="Prompts of the step">
    <vscode-button
      appearance="secondary"
      @click=${() => {
        actions.keep({ left: stateBefore(snapshot, step.prefix), right: step.prefix });
        actions.goTo('program');
      }}
      >Prompts before and after</vscode-button
    >
  </div>`;
}
