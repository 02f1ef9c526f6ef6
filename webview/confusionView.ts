/** Which label was given which prediction, and how often: a table whose cells filter the rows. */
import * as l10n from '../src/base/l10n.ts';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { ConfusionField } from '../src/viewProtocol/examples.ts';
import type { Snapshot } from '../src/viewProtocol/snapshot.ts';
import { startName, stepName } from '../src/view/words.ts';
import { counted } from '../src/view/counted.ts';
import type { Actions } from './actions.ts';
import { lastCall } from './lastCall.ts';
import { valueOf } from './model.ts';
import type { ConfusionCell, Model } from './model.ts';
import { choice } from './parts.ts';

/** @param categories fields that it can be made of. @param step the state that the rows are looked at in. */
export function confusionView(
  categories: readonly string[],
  step: string,
  { kept, confusion }: Model,
  snapshot: Snapshot,
  actions: Actions,
): TemplateResult | typeof nothing {
  if (categories.length === 0) return nothing;
  return html`<details
    class="confusion"
    .open=${kept.confusion}
    @toggle=${({ target }: Event) => {
      const { open } = target as HTMLDetailsElement;
      if (open !== kept.confusion) actions.keep({ confusion: open, ...(open ? {} : { cell: null }) });
    }}
  >
    <summary>${l10n.t('Confusion of labels: {0}', categories.join(', '))}</summary>
    ${kept.confusion ? content() : nothing}
  </details>`;

  function content(): TemplateResult {
    if (confusion.state === 'failed') return html`<p class="bad" role="alert">${confusion.message}</p>`;
    const answer = valueOf(confusion);
    if (answer?.step !== step) return html`<p class="muted" role="status">${l10n.t('Reading the predictions…')}</p>`;
    const field = answer.fields.find((one) => one.field === kept.confusedField) ?? answer.fields[0];
    if (field === undefined) return html`<p class="muted">${l10n.t('There are no predictions.')}</p>`;
    const fields = answer.fields.map((one) => ({ value: one.field, text: one.field }));
    return html`${
        fields.length < 2
          ? nothing
          : html`<div class="toolbar" role="group" aria-label=${l10n.t('Field')}>
              ${choice(l10n.t('Field'), fields, field.field, (confusedField) => actions.keep({ confusedField, cell: null }))}
            </div>`
      }
      <div class="scroll">
        ${matrix(field, kept.cell, stepName(step, startName(snapshot.asked.from)), (cell) => actions.keep({ cell }))}
      </div>`;
  }
}

/** Places of predictions, and how often each was given to each label. Pure. */
export function confused({ values, rows }: Pick<ConfusionField, 'values' | 'rows'>): {
  readonly labels: readonly number[];
  readonly predicted: readonly (number | null)[];
  count(label: number, predicted: number | null): number;
} {
  const counts = new Map<string, number>();
  const key = (label: number, predicted: number | null): string => `${label} ${predicted}`;
  for (const [, label, predicted] of rows)
    counts.set(key(label, predicted), (counts.get(key(label, predicted)) ?? 0) + 1);
  const [labels, predicted] = [new Set(rows.map(([, label]) => label)), new Set(rows.map(([, , given]) => given))];
  const places = values.map((_, place) => place);
  return {
    labels: places.filter((place) => labels.has(place)),
    predicted: [...places.filter((place) => labels.has(place) || predicted.has(place)), -1, null].filter(
      (place) => (place !== -1 && place !== null) || predicted.has(place),
    ),
    count: (label, given) => counts.get(key(label, given)) ?? 0,
  };
}

function matrix(
  field: ConfusionField,
  cell: ConfusionCell | null,
  state: string,
  choose: (cell: ConfusionCell | null) => void,
): TemplateResult {
  const { labels, predicted, count } = confused(field);
  const most = Math.max(1, ...labels.flatMap((label) => predicted.map((given) => count(label, given))));
  const text = (place: number | null): string =>
    place === null ? l10n.t('none') : place < 0 ? l10n.t('another value') : field.values[place]!;
  const isChosen = (label: number, given: number | null): boolean =>
    cell?.field === field.field && cell.label === label && cell.predicted === given;
  return html`<table class="matrix">
    <caption>
      ${l10n.t('{0} in {1}: rows are labels, columns predictions. A number shows its rows.', field.field, state)}
    </caption>
    <thead>
      <tr>
        <td></td>
        ${predicted.map((given) => html`<th scope="col" class="cut" title=${text(given)}>${text(given)}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${labels.map(
        (label) =>
          html`<tr>
            <th scope="row" class="cut" title=${text(label)}>${text(label)}</th>
            ${predicted.map((given) => {
              const rows = count(label, given);
              const share = Math.ceil((4 * rows) / most);
              return html`<td class=${`share-${share} ${given === label ? 'agree' : ''}`}>
                ${
                  rows === 0
                    ? html`<span class="muted">·</span>`
                    : html`<button
                        type="button"
                        aria-pressed=${isChosen(label, given)}
                        aria-label=${l10n.t('{0} with the label {1}, predicted {2}', counted(rows, 'row'), text(label), text(given))}
                        @click=${() => choose(isChosen(label, given) ? null : { field: field.field, label, predicted: given })}
                      >
                        ${rows}
                      </button>`
                }
              </td>`;
            })}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** The rows of a cell; `null`: none is chosen, or its table is not here. */
export const rowsOfCell = lastCall(
  (fields: readonly ConfusionField[] | undefined, cell: ConfusionCell | null): ReadonlySet<number> | null => {
    const field = fields?.find((one) => one.field === cell?.field);
    if (field === undefined || cell === null) return null;
    const chosen = field.rows.filter(([, label, predicted]) => label === cell.label && predicted === cell.predicted);
    return new Set(chosen.map(([example]) => example));
  },
);
