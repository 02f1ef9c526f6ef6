/** A weight step: the rows it trained on or the updates it made, the job and its loss. */
import * as l10n from '../src/base/l10n.ts';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Answer } from '../src/viewProtocol/answers.ts';
import type { TrainingRowView } from '../src/viewProtocol/chats.ts';
import type { JobRow, StepRow } from '../src/viewProtocol/snapshot.ts';
import type { Actions } from './actions.ts';
import { clock, count, duration, measured, short, stepName } from '../src/view/words.ts';
import { valueOf } from './model.ts';
import type { Model } from './model.ts';
import { facts, leftText, progressBar } from './parts.ts';
import { policyView, rowsShownOf } from './policyView.ts';

export function trainingView(step: StepRow, model: Model, actions: Actions): TemplateResult {
  const { collected, job, policy } = step;
  if (collected === null && job === null && policy.length === 0) {
    return html`<p class="muted">
      ${
        step.status === 'waiting'
          ? l10n.t('This step has not begun.')
          : step.status === 'skipped'
            ? (step.reason ?? '')
            : step.status === 'stopped'
              ? l10n.t('The run stopped here, before there were training rows.')
              : l10n.t('The program is being run on training examples; there are no training rows yet.')
      }
    </p>`;
  }
  const page = valueOf(model.trainingRows);
  return html`${collected === null ? nothing : rowsPart(step.prefix, collected, model, actions)}
  ${policy.length === 0 ? nothing : policyView(policy, model, actions)}
  ${job === null ? nothing : jobPart(job, step.prefix, model, actions)}
  ${page !== undefined && (page.step === step.prefix || rowsShownOf(policy, page.step)) ? rowsPage(page, actions) : nothing}`;
}

function rowsPart(
  step: string,
  collected: NonNullable<StepRow['collected']>,
  model: Model,
  actions: Actions,
): TemplateResult {
  const { tried, correct, rows, byPredictor } = collected;
  const open = valueOf(model.trainingRows)?.step === step;
  return html`<h3>${l10n.t('Training rows')}</h3>
    ${facts([
      [l10n.t('Correct traces'), l10n.t('{0} of {1} rows', correct, tried)],
      [l10n.t('Training rows'), count(rows)],
      ...Object.entries(byPredictor).map(([name, n]) => [name, count(n)] as const),
    ])}
    ${
      rows === 0
        ? nothing
        : html`<vscode-button
            appearance="secondary"
            aria-expanded=${open}
            @click=${() => (open ? actions.closeTrainingRows() : actions.showTrainingRows(step, 0))}
            >${open ? l10n.t('Hide the rows') : l10n.t('Look into the rows')}</vscode-button
          >`
    }
    ${model.trainingRows.state === 'failed' ? html`<p class="bad" role="alert">${model.trainingRows.message}</p>` : nothing}`;
}

function rowsPage(page: Answer<'trainingRows'> & { readonly step: string }, actions: Actions): TemplateResult {
  const { step, total, from, rows } = page;
  const last = from + rows.length;
  return html`<h3>${l10n.t('Rows as they were sent')}</h3>
    <div class="toolbar" role="group" aria-label=${l10n.t('Pages of training rows')}>
      <vscode-button
        appearance="secondary"
        ?disabled=${from === 0}
        @click=${() => actions.showTrainingRows(step, Math.max(0, from - 10))}
        >${l10n.t('Previous')}</vscode-button
      >
      <span>${l10n.t('Rows {0} to {1} of {2} of {3}', from + 1, last, total, stepName(step))}</span>
      <vscode-button
        appearance="secondary"
        ?disabled=${last >= total}
        @click=${() => actions.showTrainingRows(step, last)}
        >${l10n.t('Next')}</vscode-button
      >
    </div>
    <ol class="plain">
      ${rows.map((row, i) => html`<li class="box">${trainingRow(row, from + i)}</li>`)}
    </ol>`;
}

function trainingRow(row: TrainingRowView, place: number): TemplateResult {
  if (row.kind === 'unknown') {
    return html`<h4>
        ${l10n.t('Row {0}', place + 1)} <span class="muted">${l10n.t('in a layout that is not known here')}</span>
      </h4>
      <pre>${row.line}</pre>`;
  }
  const { predictor, prompt, completion, rejected } = row;
  return html`<h4>${l10n.t('Row {0}', place + 1)} <span class="muted">${predictor ?? nothing}</span></h4>
    ${prompt.map(
      ({ role, content }) =>
        html`<div class="turn">
          <span class="role">${role}</span>
          <pre>${content}</pre>
        </div>`,
    )}
    ${answerTurn(l10n.t('completion ({0})', learned(row)), completion, row)}
    ${rejected === undefined ? nothing : answerTurn(l10n.t('the worse answer'), rejected, row)}`;
}

type ReadRow = Extract<TrainingRowView, { readonly kind: 'row' }>;

function learned({ rejected, advantage }: ReadRow): string {
  if (rejected !== undefined) return l10n.t('preferred');
  return advantage === undefined ? l10n.t('trained on') : l10n.t('advantage {0}', advantage.toFixed(2));
}

function answerTurn(role: string, text: string, { opened, end }: ReadRow): TemplateResult {
  return html`<div class="turn trained">
    <span class="role">${role}</span>
    <pre>
${opened === '' ? nothing : html`<span class="muted" title=${l10n.t('opened by the prompt, not trained on')}>${opened}</span>`}${text}${end === null ? nothing : html`<span class="muted">${end}</span>`}</pre>
  </div>`;
}

const jobStatus = {
  intended: l10n.t('about to be sent'),
  running: l10n.t('training'),
  stopped: l10n.t('not known: the run stopped while it trained'),
  succeeded: l10n.t('succeeded'),
  failed: l10n.t('failed'),
} as const;

function jobPart(job: JobRow, step: string, model: Model, actions: Actions): TemplateResult {
  const { cached, curve, events } = job;
  return html`<h3>${l10n.t('Training job')}</h3>
    ${cached ? rememberedJob(job, step, model, actions) : ownJob(job)} ${courseParts(curve, events)}`;
}

function ownJob(job: JobRow): TemplateResult {
  const { id, status, rows, step, steps, message, model, trainedTokens, seconds, since, metrics } = job;
  const numbers = measured(null, metrics);
  return html`${facts([
    [l10n.t('Job'), id ?? l10n.t('none yet')],
    [l10n.t('Status'), jobStatus[status]],
    [l10n.t('Rows'), count(rows)],
    model === null ? null : [l10n.t('Model'), model],
    numbers === '' ? null : [l10n.t('Measured last'), numbers],
    trainedTokens === null ? null : [l10n.t('Trained tokens'), short(trainedTokens)],
    seconds === null ? null : [l10n.t('Time'), duration(seconds)],
  ])}
  ${status === 'running' && step !== null ? html`<p>${progressBar(step, steps, l10n.t('step'), leftText(since, step, steps))}</p>` : nothing}
  ${status === 'failed' ? html`<p class="message bad" role="alert">${message}</p>` : nothing}`;
}

/** Its numbers are those of the run that trained it. */
function rememberedJob({ id, model: name }: JobRow, step: string, model: Model, actions: Actions): TemplateResult {
  const answer = valueOf(model.trainedBy);
  const by = answer?.step === step ? answer.by : undefined;
  return html`${facts([
    id === null ? null : [l10n.t('Job'), id],
    [l10n.t('Status'), l10n.t('trained before, nothing paid')],
    name === null ? null : [l10n.t('Model'), name],
    by == null
      ? null
      : [
          l10n.t('Trained by'),
          by.itself ? l10n.t('an earlier session of this run') : trainerLink(by.run, step, actions),
        ],
  ])}
  ${by === null ? html`<p class="muted">${l10n.t('The run that trained it is not in this folder any more.')}</p>` : nothing}
  ${by == null ? nothing : courseParts(by.curve, by.events)}`;
}

function trainerLink(run: string, step: string, actions: Actions): TemplateResult {
  return html`<button type="button" class="link" @click=${() => actions.openTrainingRun(step)}>${run}</button>`;
}

/** The loss and the messages of a job. */
function courseParts(curve: JobRow['curve'], events: JobRow['events']): TemplateResult {
  return html`${lossPart(curve)}
  ${
    events.length === 0
      ? nothing
      : html`<details>
          <summary>${l10n.t('Job events ({0})', events.length)}</summary>
          <ol class="log">
            ${events.map((event) => html`<li><time datetime=${event.time}>${clock(event.time)}</time> ${event.message}</li>`)}
          </ol>
        </details>`
  }`;
}

function lossPart(curve: JobRow['curve']): TemplateResult | typeof nothing {
  const [first, last] = [curve[0], curve.at(-1)];
  if (first === undefined || last === undefined) return nothing;
  const words = l10n.t(
    'Loss {0} at step {1}, {2} at step {3}',
    first[1].toFixed(3),
    first[0],
    last[1].toFixed(3),
    last[0],
  );
  return html`<figure>
    <figcaption>${words}</figcaption>
    <bt-loss-chart role="img" aria-label=${words} .points=${curve}></bt-loss-chart>
  </figure>`;
}
