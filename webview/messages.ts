/** A request as it was sent, and its answer, as the memo keeps them. */
import * as l10n from '../src/base/l10n.ts';
import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { Remembered } from '../src/viewProtocol/chats.ts';

/** @param remembered `undefined`: not here yet. */
export function messagesPart(remembered: Remembered | undefined): TemplateResult {
  if (remembered === undefined) return html`<p class="muted" role="status">${l10n.t('Reading the messages…')}</p>`;
  const { body } = remembered;
  if (body === null) {
    return html`<p class="muted">
      ${l10n.t('The memo does not hold this request any more: it was pruned. Fields and tokens stay.')}
    </p>`;
  }
  return html`${body.messages.map(
      ({ role, content }) =>
        html`<div class="turn">
          <span class="role">${role}</span>
          <pre>${content}</pre>
        </div>`,
    )}
    <div class="turn completion">
      <span class="role">${l10n.t('completion')}</span>
      ${
        body.completion === null
          ? html`<p class="bad">${l10n.t('no text: {0}', body.whyNoText ?? l10n.t('unknown'))}</p>`
          : html`<pre>${body.completion}</pre>`
      }
    </div>
    <details>
      <summary>${l10n.t('Settings of the request ({0})', body.path)}</summary>
      <pre>${JSON.stringify(body.settings, null, 2)}</pre>
    </details>`;
}
