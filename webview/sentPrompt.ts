/** The prompt of a predictor in a state as it was sent: from a program run that was made in the state. */
import * as l10n from '../src/base/l10n.ts';
import { html } from 'lit';
import type { TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import type { Answer } from '../src/viewProtocol/answers.ts';
import { purposeName, shownNumber } from '../src/view/words.ts';
import type { Actions } from './actions.ts';
import { messagesPart } from './messages.ts';
import { valueOf } from './model.ts';
import type { Model } from './model.ts';

/** @param state its name. */
export function sentPrompt(state: string, predictor: string, model: Model, actions: Actions): TemplateResult {
  // Of another state it is closed at first: what is in it is asked for when it is opened.
  return html`${keyed(
    state,
    html`<details
      class="sent"
      @toggle=${({ target }: Event) => {
        if ((target as HTMLDetailsElement).open) actions.needSentPrompts(state);
      }}
    >
      <summary>${l10n.t('The prompt as it was sent')}</summary>
      ${content(state, predictor, model, actions)}
    </details>`,
  )}`;
}

function content(state: string, predictor: string, model: Model, actions: Actions): TemplateResult {
  const loaded = model.sentPrompts.get(state);
  if (loaded?.state === 'failed') return html`<p class="bad">${loaded.message}</p>`;
  const answer = loaded === undefined ? undefined : valueOf(loaded);
  if (answer === undefined) return html`<p class="muted" role="status">${l10n.t('Looking for a program run…')}</p>`;
  if (answer.sent === null)
    return html`<p class="muted">${l10n.t('No program run that asked a model was made in this state.')}</p>`;
  return prompt(answer.sent, predictor, model, actions);
}

function prompt(
  { trace, purpose, example, calls }: NonNullable<Answer<'sentPrompts'>['sent']>,
  predictor: string,
  { remembered }: Model,
  actions: Actions,
): TemplateResult {
  const [row, what] = [shownNumber(example), purposeName[purpose]];
  const sent = calls.find((one) => one.predictor === predictor);
  if (sent === undefined)
    return html`<p class="muted">${l10n.t('On row {0}, {1}, this predictor asked no model.', row, what)}</p>`;
  return html`<p class="muted">
      ${l10n.t('On row {0}, {1}.', row, what)}
      <button
        type="button"
        class="link"
        @click=${() => {
          actions.openTrace(trace);
          actions.goTo('traces');
        }}
      >
        ${l10n.t('Open the trace')}
      </button>
    </p>
    ${messagesPart(remembered.get(sent.key))}`;
}
