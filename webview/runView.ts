/** The strategy as a line of steps, and the details of one of them. */
import * as l10n from '../src/base/l10n.ts';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { StepInfo } from '../src/viewProtocol/fromData.ts';
import type { Snapshot, StepRow } from '../src/viewProtocol/snapshot.ts';
import type { Actions } from './actions.ts';
import { candidatesView } from './candidatesView.ts';
import { costsView } from './costsView.ts';
import { proposalText } from '../src/view/proposals.ts';
import { startName, stepName, stepTitle } from '../src/view/words.ts';
import type { Model } from './model.ts';
import { scoresView } from './scoresView.ts';
import { shownStep, stateBefore } from './shownStep.ts';
import { stepCard } from './stepCard.ts';
import { trainingView } from './trainingView.ts';
import { verdictView } from './verdictView.ts';

export function runView(model: Model, snapshot: Snapshot, actions: Actions): TemplateResult {
  const shown = shownStep(snapshot, model.kept.step);
  return html`${verdictView(snapshot)}
    <section aria-label=${l10n.t('Strategy')}>
      <ol class="timeline">
        ${snapshot.steps.map((step) => stepCard(step, snapshot, step === shown, actions))}
      </ol>
    </section>
    ${scoresView(model, snapshot, actions)} ${costsView(model, snapshot, actions)}
    ${shown === undefined ? nothing : details(shown, model, snapshot, actions)}`;
}

function details(step: StepRow, model: Model, snapshot: Snapshot, actions: Actions): TemplateResult {
  const title = stepTitle(step.step, snapshot.asked.from);
  const name = stepName(step.prefix, startName(snapshot.asked.from));
  return html`<section class="details" aria-label=${l10n.t('Details of {0}', name)}>
    <h2>${name}: ${title}</h2>
    ${
      step.step === null
        ? html`<p class="muted">
            ${l10n.t('{0}, on {1}: what every step is compared with.', title, snapshot.asked.model)}
          </p>`
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
  return html`<div class="toolbar" role="group" aria-label=${l10n.t('Prompts of the step')}>
    <vscode-button
      appearance="secondary"
      @click=${() => {
        actions.keep({ left: stateBefore(snapshot, step.prefix), right: step.prefix });
        actions.goTo('program');
      }}
      >${l10n.t('Prompts before and after')}</vscode-button
    >
  </div>`;
}
