/** A table of rows: the label of each, and what each state gave on it and scored. */
import * as l10n from '../src/base/l10n.ts';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { gradeOf, grades, gradeSign, gradeWord } from '../src/view/grade.ts';
import type { Grade } from '../src/view/grade.ts';
import { percent, rowScore, shownNumber } from '../src/view/words.ts';
import type { Score } from '../src/protocol.ts';
import type { ExampleRow, PredictionRow, PredictionView, ShownField } from '../src/viewProtocol/examples.ts';
import { lastCall } from './lastCall.ts';
import { sortHeader } from './sortHeader.ts';
import type { Sort } from './sortHeader.ts';
import type { WindowRows } from './windowList.ts';

/** A state: what it is known by in `Kept`, what it is called, and what it scored on all rows. */
export interface ScoreColumn {
  readonly key: string;
  readonly text: string;
  readonly score: Score | null;
}

export interface ScoreTable {
  readonly label: string;
  /** Which rows are shown in which order, as a text. */
  readonly list: string;
  readonly columns: readonly ScoreColumn[];
  /** All rows, and those that are shown. */
  readonly all: readonly ExampleRow[];
  readonly rows: readonly ExampleRow[];
  /** Whether rows have labels. */
  readonly labelled: boolean;
  /** By the number of the row: those that are here. */
  readonly predictions: ReadonlyMap<number, PredictionRow>;
  /** The column whose trace Enter opens. */
  readonly to: number;
  /** The row and column whose trace is open beside the table. */
  readonly open: { readonly example: number; readonly column: number } | null;
  readonly sort: Sort;
  readonly threshold: number;
  sortBy(sort: Sort): void;
  /** What these rows were given is needed. */
  need(rows: readonly number[]): void;
  show(row: ExampleRow, column: number): void;
  showFailed(column: number): void;
}

export function scoreTable(parts: ScoreTable): WindowRows {
  const { label, list, columns, rows, labelled, open } = parts;
  const place = open === null ? -1 : rows.findIndex(({ example }) => example === open.example);
  const column = place < 0 ? parts.to : open!.column;
  return {
    ...{ label, list },
    total: rows.length,
    columns: `4.3em minmax(9em, 2fr) ${labelled ? 'minmax(5em, 1fr)' : ''} repeat(${columns.length}, minmax(9.5em, 1.5fr))`,
    minWidth: `${16 + (labelled ? 6 : 0) + 10.5 * columns.length}em`,
    header: header(parts),
    selected: place < 0 ? null : { place, key: String(open!.example) },
    follows: place >= 0,
    need: (from, count) => parts.need(rows.slice(from, from + count).map(({ example }) => example)),
    open: (at) => parts.show(rows[at]!, column),
    row: (at) => cells(rows[at]!, at === place ? column : null, parts),
  };
}

function header(parts: ScoreTable): TemplateResult {
  const { columns, labelled, sort, sortBy } = parts;
  return html`${sortHeader({ key: 'row', text: l10n.t('Row') }, sort, sortBy)}
    <span role="columnheader">${l10n.t('Inputs')}</span>
    ${labelled ? html`<span role="columnheader">${l10n.t('Label')}</span>` : nothing}
    ${columns.map((column, at) => sortHeader(column, sort, sortBy, totals(column, at, parts)))}`;
}

type Counts = Readonly<Record<Grade, number>>;

/** How many rows each column has of each grade. */
const countsOf = lastCall((rows: readonly ExampleRow[], columns: number, threshold: number): readonly Counts[] =>
  Array.from({ length: columns }, (_, column) => {
    const counts = { right: 0, partly: 0, wrong: 0, failed: 0 };
    for (const row of rows) {
      const grade = gradeOf(row.scores[column] ?? null, row.failed[column] === true, threshold);
      if (grade !== null) counts[grade]++;
    }
    return counts;
  }),
);

function totals({ score }: ScoreColumn, at: number, parts: ScoreTable): TemplateResult {
  const counts = countsOf(parts.all, parts.columns.length, parts.threshold)[at]!;
  return html`<span class="total"
      >${
        score === null
          ? html`<span class="muted">${l10n.t('no score yet')}</span>`
          : html`${percent(score.score)} %
              <span class="muted" title=${l10n.t('95 % interval')}>${percent(score.low)}–${percent(score.high)}</span>`
      }</span
    >
    <span class="counts"
      >${grades.map((grade) =>
        grade === 'failed'
          ? failedMark(counts.failed, () => parts.showFailed(at))
          : counts[grade] === 0
            ? nothing
            : html`<span class=${grade} title=${`${counts[grade]} ${gradeWord[grade]}`}
                ><span aria-hidden="true">${gradeSign[grade]}</span>${counts[grade]}<span class="hidden">
                  ${gradeWord[grade]}</span
                ></span
              >`,
      )}</span
    >`;
}

function failedMark(failed: number, show: () => void): TemplateResult | typeof nothing {
  if (failed === 0) return nothing;
  return html`<button type="button" class="failed" title=${l10n.t('Show the rows that failed')} @click=${show}>
    <span aria-hidden="true">${gradeSign.failed}</span>${failed}<span class="hidden"> ${gradeWord.failed}</span>
  </button>`;
}

/** @param open the column whose trace is open. */
function cells(row: ExampleRow, open: number | null, parts: ScoreTable): TemplateResult {
  const { columns, labelled, predictions } = parts;
  const known = predictions.get(row.example);
  const labels = known?.labels ?? [];
  return html`<span role="gridcell" class="number">${shownNumber(row.example)}</span>
    <span role="gridcell" class="cut" title=${row.preview}>${row.preview}</span>
    ${
      labelled
        ? html`<span role="gridcell" class="cut" title=${fieldsText(labels)}>${fieldParts(labels, () => false)}</span>`
        : nothing
    }
    ${columns.map((_, column) => cell(row, column, known?.predictions[column] ?? null, column === open, parts))}`;
}

/** Grades are shown by a sign too, and differences to the label by a line: not by colour alone. */
function cell(
  row: ExampleRow,
  column: number,
  given: PredictionView | null,
  open: boolean,
  { threshold, show }: ScoreTable,
): TemplateResult {
  const score = row.scores[column] ?? null;
  const grade = gradeOf(score, row.failed[column] === true, threshold);
  const fields = given?.fields ?? [];
  const differing = new Set(fields.filter(({ differs }) => differs));
  const words = grade === null ? '' : gradeWord[grade];
  return html`<span
    role="gridcell"
    class=${`score cut ${grade ?? 'muted'} ${open ? 'open' : ''}`}
    title=${[words, fieldsText(fields), ...(differing.size === 0 ? [] : [l10n.t('not what the label says')])].filter((text) => text !== '').join('\n')}
    @click=${(event: Event) => {
      event.stopPropagation();
      show(row, column);
    }}
    ><span class="grade"
      ><span aria-hidden="true">${grade === null ? '' : gradeSign[grade]}</span>
      ${grade === 'failed' ? words : html`${rowScore(score)} <span class="hidden">${words}</span>`}</span
    >
    ${fieldParts(fields, (field) => differing.has(field as (typeof fields)[number]))}</span
  >`;
}

/** A single field bare, several by name. */
function fieldParts(fields: readonly ShownField[], differs: (field: ShownField) => boolean): readonly TemplateResult[] {
  return fields.map(
    (one) =>
      html`${fields.length === 1 ? nothing : html`<span class="muted field">${one.field}</span> `}${
        differs(one)
          ? html`<span class="given differs"
              ><span class="hidden">${l10n.t('differs from the label:')} </span>${one.text}</span
            >`
          : html`<span class="given">${one.text}</span>`
      } `,
  );
}

function fieldsText(fields: readonly ShownField[]): string {
  if (fields.length === 1) return fields[0]!.text;
  return fields.map(({ field, text }) => `${field}: ${text}`).join('\n');
}
