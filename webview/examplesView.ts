/** The rows of dev or test with what each scored in each step. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { ExampleRow, Snapshot } from '../src/viewProtocol.ts';
import type { Actions } from './actions.ts';
import { chosenRows, comparedColumns, countMatches } from './exampleFilter.ts';
import type { Compared } from './exampleFilter.ts';
import { rowScore, shownNumber, startName, stepName } from '../src/view/words.ts';
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
  const steps = answer.columns.map((name) => ({ value: name, text: stepName(name, startName(snapshot.asked.from)) }));
  return html`<div class="toolbar" role="group" aria-label="Rows">
      ${splitChoice(snapshot, kept, actions)}
      ${choice('From', steps, answer.columns[compared.from] ?? '', (from) => actions.keep({ from }))}
      ${choice('to', steps, answer.columns[compared.to] ?? '', (to) => actions.keep({ to }))}
      ${searchField(kept.search, (search) => actions.keep({ search }))}
    </div>
    ${filterBar({
      rows: answer.rows,
      shown: rows.length,
      filter: kept.filter,
      compared,
      threshold,
      choose: (filter) => actions.keep({ filter }),
    })}
    ${answer.problem === null ? nothing : html`<p class="message">${answer.problem}</p>`}
    <bt-rows
      class="fill"
      .rows=${scoreTable({
        label: 'Rows with their score in each step',
        columns: steps.map(({ value, text }) => ({ key: value, text })),
        rows,
        to: compared.to,
        sort: kept.sort,
        threshold,
        sortBy: (sort) => actions.keep({ sort }),
        open: (row, column) => actions.openExample(answer.columns[column] ?? '', kept.split, row.example),
      })}
    ></bt-rows>`;
}

/** The filters, each with how many rows it leaves. */
export function filterBar(parts: {
  readonly rows: readonly ExampleRow[];
  readonly shown: number;
  readonly filter: ExampleFilter;
  readonly compared: Compared;
  readonly threshold: number;
  choose(filter: ExampleFilter): void;
}): TemplateResult {
  const { rows, shown, compared, threshold, choose } = parts;
  return html`<div class="toolbar" role="group" aria-label="Filter">
    ${exampleFilters.map(
      (filter) =>
        html`<vscode-button
          appearance=${filter === parts.filter ? 'primary' : 'secondary'}
          aria-pressed=${filter === parts.filter}
          @click=${() => choose(filter)}
          >${filterName[filter]} ${countMatches(rows, filter, compared, threshold)}</vscode-button
        >`,
    )}
    <span class="muted" role="status">${shown} of ${rows.length} rows</span>
  </div>`;
}

export function searchField(value: string, search: (text: string) => void): TemplateResult {
  return html`<vscode-text-field
    type="text"
    placeholder="Search the inputs"
    aria-label="Search the inputs"
    .value=${value}
    @input=${(event: Event) => search((event.target as HTMLInputElement).value)}
  ></vscode-text-field>`;
}

function splitChoice({ splits }: Snapshot, kept: Kept, actions: Actions): TemplateResult {
  const options = [{ value: 'dev', text: 'Dev' }, ...(splits?.test == null ? [] : [{ value: 'test', text: 'Test' }])];
  return choice('Rows of', options, kept.split, (split) => actions.keep({ split: split === 'test' ? 'test' : 'dev' }));
}

/** A column of scores: what it is known by in `Kept`, and what it is called. */
export interface ScoreColumn {
  readonly key: string;
  readonly text: string;
}

export interface ScoreTable {
  readonly label: string;
  readonly columns: readonly ScoreColumn[];
  readonly rows: readonly ExampleRow[];
  /** The column whose trace Enter opens. */
  readonly to: number;
  readonly sort: Kept['sort'];
  readonly threshold: number;
  sortBy(sort: Kept['sort']): void;
  open(row: ExampleRow, column: number): void;
}

export function scoreTable(parts: ScoreTable): WindowRows {
  const { label, columns, rows, to, threshold, open } = parts;
  return {
    label,
    total: rows.length,
    columns: `5em minmax(12em, 1fr) repeat(${columns.length}, minmax(6em, 10em))`,
    header: html`${sortable({ key: 'row', text: 'Row' }, parts)}
      <span role="columnheader">Inputs</span>
      ${columns.map((column) => sortable(column, parts))}`,
    selected: null,
    open: (place) => open(rows[place]!, to),
    row: (place) => {
      const row = rows[place]!;
      return html`<span role="gridcell" class="number">${shownNumber(row.example)}</span>
        <span role="gridcell" class="cut" title=${row.preview}>${row.preview}</span>
        ${columns.map((_, column) => cell(row, column, threshold, () => open(row, column)))}`;
    },
  };
}

function sortable({ key, text }: ScoreColumn, { sort, sortBy }: ScoreTable): TemplateResult {
  const active = sort.by === key;
  const order = !active ? 'none' : sort.descending ? 'descending' : 'ascending';
  return html`<span role="columnheader" aria-sort=${order}
    ><button
      type="button"
      class="cut"
      title=${text}
      @click=${() => sortBy({ by: key, descending: active && !sort.descending })}
    >
      ${text} <span aria-hidden="true">${active ? (sort.descending ? '▼' : '▲') : ''}</span>
    </button></span
  >`;
}

/** Right and wrong are shown by a sign too, not by colour alone. */
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
