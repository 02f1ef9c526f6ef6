/** The rows of dev or test with what each scored in each step. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Answer, ExampleRow, Snapshot } from '../src/viewProtocol.ts';
import type { Actions } from './actions.ts';
import { chosenRows, comparedColumns, countMatches } from './exampleFilter.ts';
import { rowScore, stepName } from './format.ts';
import { exampleFilters, valueOf } from './model.ts';
import type { ExampleFilter, Kept, Model } from './model.ts';
import { choice } from './parts.ts';
import type { WindowRows } from './windowList.ts';

const filterName: Readonly<Record<ExampleFilter, string>> = {
  all: 'All',
  fixed: 'Fixed',
  broken: 'Broken',
  failed: 'Failed',
  stillWrong: 'Still wrong',
};

export function examplesView(model: Model, snapshot: Snapshot, actions: Actions): TemplateResult {
  const { kept, examples } = model;
  const answer = valueOf(examples);
  if (examples.state === 'failed') return html`<p class="bad" role="alert">${examples.message}</p>`;
  if (answer === undefined) return html`<p class="muted" role="status">Reading the rows…</p>`;
  const compared = comparedColumns(answer, kept);
  const { threshold } = snapshot.asked;
  const rows = chosenRows(answer, kept, compared, threshold);
  const steps = answer.columns.map((name) => ({ value: name, text: stepName(name) }));
  return html`<div class="toolbar" role="group" aria-label="Rows">
      ${splitChoice(snapshot, kept, actions)}
      ${choice('From', steps, answer.columns[compared.from] ?? '', (from) => actions.keep({ from }))}
      ${choice('to', steps, answer.columns[compared.to] ?? '', (to) => actions.keep({ to }))}
      <vscode-text-field
        type="text"
        placeholder="Search the inputs"
        aria-label="Search the inputs"
        .value=${kept.search}
        @input=${(event: Event) => actions.keep({ search: (event.target as HTMLInputElement).value })}
      ></vscode-text-field>
    </div>
    <div class="toolbar" role="group" aria-label="Filter">
      ${exampleFilters.map((filter) => {
        const found = countMatches(answer.rows, filter, compared, threshold);
        return html`<vscode-button
          appearance=${filter === kept.filter ? 'primary' : 'secondary'}
          aria-pressed=${filter === kept.filter}
          @click=${() => actions.keep({ filter })}
          >${filterName[filter]} ${found}</vscode-button
        >`;
      })}
      <span class="muted" role="status">${rows.length} of ${answer.rows.length} rows</span>
    </div>
    ${answer.problem === null ? nothing : html`<p class="message">${answer.problem}</p>`}
    <bt-rows class="fill" .rows=${table(answer, rows, compared.to, kept, threshold, actions)}></bt-rows>`;
}

function splitChoice({ splits }: Snapshot, kept: Kept, actions: Actions): TemplateResult {
  const options = [{ value: 'dev', text: 'Dev' }, ...(splits?.test == null ? [] : [{ value: 'test', text: 'Test' }])];
  return choice('Rows of', options, kept.split, (split) => actions.keep({ split: split === 'test' ? 'test' : 'dev' }));
}

function table(
  { columns }: Answer<'examples'>,
  rows: readonly ExampleRow[],
  to: number,
  kept: Kept,
  threshold: number,
  actions: Actions,
): WindowRows {
  const open = (row: ExampleRow, column: number): void =>
    actions.openExample(columns[column] ?? '', kept.split, row.example);
  return {
    label: 'Rows with their score in each step',
    total: rows.length,
    columns: `5em minmax(12em, 1fr) repeat(${columns.length}, minmax(6em, 10em))`,
    header: html`${sortable('row', 'Row', kept, actions)}
      <span role="columnheader">Inputs</span>
      ${columns.map((name) => sortable(name, stepName(name), kept, actions))}`,
    selected: null,
    open: (place) => open(rows[place]!, to),
    row: (place) => {
      const row = rows[place]!;
      return html`<span role="gridcell" class="number">${row.example}</span>
        <span role="gridcell" class="cut" title=${row.preview}>${row.preview}</span>
        ${columns.map((_, column) => cell(row, column, threshold, () => open(row, column)))}`;
    },
  };
}

function sortable(by: string, text: string, kept: Kept, actions: Actions): TemplateResult {
  const { sort } = kept;
  const active = sort.by === by;
  const order = !active ? 'none' : sort.descending ? 'descending' : 'ascending';
  return html`<span role="columnheader" aria-sort=${order}
    ><button type="button" @click=${() => actions.keep({ sort: { by, descending: active && !sort.descending } })}>
      ${text} <span aria-hidden="true">${active ? (sort.descending ? '▼' : '▲') : ''}</span>
    </button></span
  >`;
}

/** Right and wrong are told by a sign too, not by colour alone. */
function cell({ scores, failed }: ExampleRow, column: number, threshold: number, open: () => void): TemplateResult {
  const score = scores[column] ?? null;
  const error = failed[column] === true;
  const right = score !== null && score >= threshold;
  const [mark, words] = error ? ['!', 'failed'] : score === null ? ['', ''] : right ? ['✓', 'right'] : ['✗', 'wrong'];
  return html`<span
    role="gridcell"
    class=${`score ${error ? 'failed' : score === null ? 'muted' : right ? 'good' : 'bad'}`}
    title=${words}
    @click=${(event: Event) => {
      event.stopPropagation();
      open();
    }}
    ><span aria-hidden="true">${mark}</span> ${rowScore(score)} <span class="hidden">${words}</span></span
  >`;
}
