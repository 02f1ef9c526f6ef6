/** The rows of dev or test with what each state gave on them and scored, and the trace of one of them beside. */
import * as l10n from '../src/base/l10n.ts';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Answer } from '../src/viewProtocol/answers.ts';
import type { ExampleRow } from '../src/viewProtocol/examples.ts';
import type { Snapshot } from '../src/viewProtocol/snapshot.ts';
import type { Actions } from './actions.ts';
import { confusionView, rowsOfCell } from './confusionView.ts';
import { comparedColumns, countMatches, shownRows } from './exampleFilter.ts';
import type { Compared } from './exampleFilter.ts';
import { shownNumber, startName, stepName } from '../src/view/words.ts';
import { lastCall } from './lastCall.ts';
import { exampleFilters, valueOf } from './model.ts';
import type { ExampleFilter, Kept, Model } from './model.ts';
import { choice, searchField } from './parts.ts';
import { rowMap } from './rowMap.ts';
import { scoreTable } from './scoreTable.ts';
import type { ScoreColumn } from './scoreTable.ts';
import { traceView } from './traceView.ts';

const filterName: Readonly<Record<ExampleFilter, string>> = {
  all: l10n.t('All'),
  fixed: l10n.t('Fixed'),
  broken: l10n.t('Broken'),
  failed: l10n.t('Failed'),
  stillWrong: l10n.t('Still wrong'),
};

export function examplesView(model: Model, snapshot: Snapshot, actions: Actions): TemplateResult {
  const { kept, examples } = model;
  const answer = valueOf(examples);
  if (examples.state === 'failed') return html`<p class="bad" role="alert">${examples.message}</p>`;
  if (answer === undefined) return html`<p class="muted" role="status">${l10n.t('Reading the rows…')}</p>`;
  const compared = comparedColumns(answer, kept);
  const { threshold } = snapshot.asked;
  const columns = columnsOf(answer, kept, snapshot);
  const step = answer.columns[compared.to] ?? '';
  const rows = rowsAmong(shownRows(answer, kept, compared, threshold), cellRows(model, step));
  return html`<div class="toolbar" role="group" aria-label=${l10n.t('Rows')}>
      ${splitChoice(snapshot, kept, actions)} ${comparedChoice(columns, compared, actions)}
      ${searchField(l10n.t('Search the inputs'), kept.search, (search) => actions.keep({ search }))}
    </div>
    ${filterBar({
      rows: answer.rows,
      shown: rows.length,
      filter: kept.filter,
      compared,
      threshold,
      choose: (filter) => actions.keep({ filter }),
      more: kept.cell === null ? nothing : cellButton(actions),
    })}
    ${answer.problem === null ? nothing : html`<p class="message">${answer.problem}</p>`}
    ${confusionView(answer.categories, step, model, snapshot, actions)}
    ${beside(answer, rows, columns, compared, model, snapshot, actions)}`;
}

const rowsAmong = lastCall((rows: readonly ExampleRow[], only: ReadonlySet<number> | null): readonly ExampleRow[] =>
  only === null ? rows : rows.filter(({ example }) => only.has(example)),
);

const countsOf = lastCall((rows: readonly ExampleRow[], from: number, to: number, threshold: number) =>
  countMatches(rows, { from, to }, threshold),
);

/** The rows of the cell that is chosen in the table of labels and predictions. */
function cellRows({ kept, confusion }: Model, step: string): ReadonlySet<number> | null {
  const answer = valueOf(confusion);
  return rowsOfCell(answer?.step === step ? answer.fields : undefined, kept.cell);
}

function cellButton(actions: Actions): TemplateResult {
  return html`<vscode-button
    appearance="secondary"
    title=${l10n.t('Show all')}
    @click=${() => actions.keep({ cell: null })}
    >${l10n.t('One label and prediction')} ✕</vscode-button
  >`;
}

function columnsOf({ columns }: Answer<'examples'>, { split }: Kept, snapshot: Snapshot): readonly ScoreColumn[] {
  return columns.map((key) => ({
    key,
    text: stepName(key, startName(snapshot.asked.from)),
    score: snapshot.steps.find(({ prefix }) => prefix === key)?.evaluations[split]?.score ?? null,
  }));
}

/** The map of the rows, the table, and the trace of the chosen row. */
function beside(
  answer: Answer<'examples'>,
  rows: readonly ExampleRow[],
  columns: readonly ScoreColumn[],
  { from, to }: Compared,
  model: Model,
  snapshot: Snapshot,
  actions: Actions,
): TemplateResult {
  const { kept, predictions } = model;
  const { threshold } = snapshot.asked;
  const chosen = kept.chosen?.split === kept.split ? kept.chosen : null;
  const show = (row: ExampleRow, column: number): void =>
    actions.openExample(answer.columns[column] ?? '', kept.split, row.example);
  return html`${rowMap({ columns, rows, from, threshold, open: chosen?.example ?? null, show })}
    <div class=${`rows-beside ${chosen === null ? '' : 'open'}`}>
      <bt-rows
        class="fill"
        .rows=${scoreTable({
          label: l10n.t('Rows with what each step gave and scored'),
          list: JSON.stringify([kept.split, kept.filter, kept.search, kept.sort, from, to, kept.cell]),
          ...{ columns, all: answer.rows, rows, labelled: answer.labelled, predictions, to, threshold, show },
          open:
            chosen === null
              ? null
              : { example: chosen.example, column: Math.max(0, answer.columns.indexOf(chosen.step)) },
          sort: kept.sort,
          sortBy: (sort) => actions.keep({ sort }),
          need: (wanted) => actions.needPredictions(wanted),
          showFailed: (column) => actions.showFailed(answer.columns[column] ?? '', kept.split),
        })}
      ></bt-rows>
      ${chosen === null ? nothing : tracePane(chosen, model, actions)}
    </div>`;
}

function tracePane({ split, example }: NonNullable<Kept['chosen']>, model: Model, actions: Actions): TemplateResult {
  return html`<section class="trace" aria-label=${l10n.t('Trace of row {0}', shownNumber(example))}>
    <div class="toolbar" role="group" aria-label=${l10n.t('Actions on the row')}>
      <vscode-button appearance="secondary" @click=${() => actions.showTraces({ purpose: split, example })}
        >${l10n.t('Open in Traces')}</vscode-button
      >
      <vscode-button appearance="secondary" @click=${() => actions.copyRow(split, example)}
        >${l10n.t('Copy row as JSON')}</vscode-button
      >
      <vscode-button appearance="secondary" @click=${() => actions.keep({ chosen: null })}
        >${l10n.t('Close')}</vscode-button
      >
    </div>
    ${traceView(model, actions)}
  </section>`;
}

/** The filters, each with how many rows it leaves. */
export function filterBar(parts: {
  readonly rows: readonly ExampleRow[];
  readonly shown: number;
  readonly filter: ExampleFilter;
  readonly compared: Compared;
  readonly threshold: number;
  readonly more?: unknown;
  choose(filter: ExampleFilter): void;
}): TemplateResult {
  const { rows, shown, compared, threshold, more = nothing, choose } = parts;
  const counts = countsOf(rows, compared.from, compared.to, threshold);
  return html`<div class="toolbar" role="group" aria-label=${l10n.t('Filter')}>
    ${exampleFilters.map(
      (filter) =>
        html`<vscode-button
          appearance=${filter === parts.filter ? 'primary' : 'secondary'}
          aria-pressed=${filter === parts.filter}
          @click=${() => choose(filter)}
          >${filterName[filter]} ${counts[filter]}</vscode-button
        >`,
    )}
    ${more}
    <span class="muted" role="status">${l10n.t('{0} of {1} rows', shown, rows.length)}</span>
    <span class="muted">${l10n.t('J and K or arrows move, Enter opens the trace')}</span>
  </div>`;
}

function splitChoice({ splits }: Snapshot, kept: Kept, actions: Actions): TemplateResult {
  const options = [
    { value: 'dev', text: l10n.t('Dev') },
    ...(splits?.test == null ? [] : [{ value: 'test', text: l10n.t('Test') }]),
  ];
  return choice(l10n.t('Rows of'), options, kept.split, (split) =>
    actions.keep({ split: split === 'test' ? 'test' : 'dev', cell: null }),
  );
}

function comparedChoice(columns: readonly ScoreColumn[], { from, to }: Compared, actions: Actions): TemplateResult {
  const steps = columns.map(({ key, text }) => ({ value: key, text }));
  return html`${choice(l10n.t('From'), steps, columns[from]?.key ?? '', (key) => actions.keep({ from: key }))}
  ${choice(l10n.t('to'), steps, columns[to]?.key ?? '', (key) => actions.keep({ to: key, cell: null }))}`;
}
