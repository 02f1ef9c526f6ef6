/** The rows that the candidates of a step were scored on, with what those scored that are the best on some of them. */
import * as l10n from '../src/base/l10n.ts';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Answer } from '../src/viewProtocol/answers.ts';
import type { FrontRow } from '../src/viewProtocol/examples.ts';
import type { StepRow } from '../src/viewProtocol/snapshot.ts';
import { rowScore, shownNumber } from '../src/view/words.ts';
import { counted } from '../src/view/counted.ts';
import type { Actions } from './actions.ts';
import { valueOf } from './model.ts';
import type { Model } from './model.ts';
import { hasFront } from './shownStep.ts';
import type { WindowRows } from './windowList.ts';

export function frontView(step: StepRow, model: Model, actions: Actions): TemplateResult | typeof nothing {
  if (!hasFront(step)) return nothing;
  const open = model.kept.front;
  return html`<details
    class="front"
    .open=${open}
    @toggle=${({ target }: Event) => {
      const now = (target as HTMLDetailsElement).open;
      if (now !== open) actions.keep({ front: now });
    }}
  >
    <summary>${l10n.t('Row by row: which candidates are the best where')}</summary>
    ${open ? content(step, model, actions) : nothing}
  </details>`;
}

function content(step: StepRow, { front }: Model, actions: Actions): TemplateResult {
  if (front.state === 'failed') return html`<p class="bad" role="alert">${front.message}</p>`;
  const answer = valueOf(front);
  if (answer?.step !== step.prefix) return html`<p class="muted" role="status">${l10n.t('Reading the rows…')}</p>`;
  return html`<p class="muted">${whatIsShown(answer)}</p>
    ${answer.problem === null ? nothing : html`<p class="message">${answer.problem}</p>`}
    <bt-rows .rows=${table(answer, actions)}></bt-rows>`;
}

function whatIsShown({ columns, onFront, rows }: Answer<'front'>): string {
  const on = counted(rows.length, 'row');
  const sentences = [
    onFront === 1
      ? l10n.t('1 candidate is the best, alone or tied, on at least one of {0}.', on)
      : l10n.t('{0} candidates are the best, alone or tied, on at least one of {1}.', onFront, on),
    columns.length < onFront ? l10n.t('Shown are the {0} that are it on most rows.', columns.length) : '',
    l10n.t('A column is a candidate, by its number.'),
  ];
  return sentences.filter((sentence) => sentence !== '').join(' ');
}

function table(answer: Answer<'front'>, actions: Actions): WindowRows {
  const { step, purpose, columns, rows } = answer;
  const open = (row: FrontRow, column: number): void =>
    actions.openRow({ step, purpose, candidate: columns[column] ?? 0, example: row.example });
  return {
    label: l10n.t('Rows with what the best candidates scored on them'),
    list: step,
    total: rows.length,
    columns: `5em minmax(10em, 1fr) repeat(${columns.length}, minmax(4em, 8em))`,
    header: html`<span role="columnheader">${l10n.t('Row')}</span
      ><span role="columnheader">${l10n.t('Inputs')}</span> ${columns.map(
        (candidate) =>
          html`<span role="columnheader"
            ><span class="hidden">${l10n.t('Candidate')} </span>${shownNumber(candidate)}</span
          >`,
      )}`,
    selected: null,
    open: (place) => open(rows[place]!, bestColumn(rows[place]!)),
    row: (place) => {
      const row = rows[place]!;
      return html`<span role="gridcell" class="number">${shownNumber(row.example)}</span>
        <span role="gridcell" class="cut" title=${row.preview}>${row.preview}</span>
        ${columns.map((_, column) => cell(row, column, () => open(row, column)))}`;
    },
  };
}

const bestColumn = ({ scores, best }: FrontRow): number => Math.max(0, scores.indexOf(best));

/** The best is marked by a sign too, not by weight alone. */
function cell({ scores, failed, best }: FrontRow, column: number, open: () => void): TemplateResult {
  const score = scores[column] ?? null;
  const isBest = score === best;
  const words = failed[column] === true ? l10n.t('failed') : isBest ? l10n.t('best') : '';
  return html`<span
    role="gridcell"
    class=${`number ${isBest ? 'top' : 'muted'}`}
    title=${words}
    @click=${(event: Event) => {
      event.stopPropagation();
      open();
    }}
    ><span aria-hidden="true">${isBest ? '★' : ''}</span> ${failed[column] === true ? '!' : ''} ${rowScore(score)}
    <span class="hidden">${words}</span></span
  >`;
}
