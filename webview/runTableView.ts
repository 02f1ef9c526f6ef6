/** All runs in one table: found, sorted, ticked, and handed to the editor's commands. */
import * as l10n from '../src/base/l10n.ts';
import { html } from 'lit';
import type { TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import { rowGainClass, rowGainText, runStatuses, runStatusWord, tableActs, whyNot } from '../src/view/runRow.ts';
import type { RunRow, TableAct } from '../src/view/runRow.ts';
import { counted } from '../src/view/counted.ts';
import { capitalized, count, dollars, duration, percent } from '../src/view/words.ts';
import { choice, searchField } from './parts.ts';
import type { RunTableActions } from './runTableController.ts';
import { programsOf, runColumns, shownRuns, tickedRuns } from './runTableModel.ts';
import type { RunColumn, RunTableModel } from './runTableModel.ts';
import { sortHeader } from './sortHeader.ts';
import type { WindowRows } from './windowList.ts';

export function runTableView(model: RunTableModel, actions: RunTableActions): TemplateResult {
  const { kept, notice } = model;
  const rows = model.table?.rows ?? [];
  const shown = shownRuns(rows, kept);
  return html`<main class="all-runs">
    <header>
      <h1>${l10n.t('All runs')} <span class="muted" role="status">${howMany(shown.length, rows.length)}</span></h1>
    </header>
    ${filters(model, rows, actions)} ${acts(shown, tickedRuns(shown, kept), actions)}
    ${
      shown.length === 0
        ? html`<p class="muted">
            ${rows.length === 0 ? l10n.t('There is no run yet.') : l10n.t('No run passes the filters.')}
          </p>`
        : html`<bt-rows class="fill" .rows=${table(model, shown, actions)}></bt-rows>`
    }
    <p class="notice" role="status" aria-live="polite">${notice ?? ''}</p>
  </main>`;
}

function howMany(shown: number, all: number): string {
  return shown === all ? count(all) : l10n.t('{0} of {1}', count(shown), count(all));
}

/** No program is called like this: a key of the configuration is one word at least. */
const any = '';

function filters({ kept }: RunTableModel, rows: readonly RunRow[], actions: RunTableActions): TemplateResult {
  const programs = programsOf(rows);
  const options = [{ value: any, text: l10n.t('All programs') }, ...programs.map((value) => ({ value, text: value }))];
  const statuses = [
    { value: any, text: l10n.t('Any status') },
    ...runStatuses.map((value) => ({ value, text: capitalized(runStatusWord[value]) })),
  ];
  const status = (value: string) => runStatuses.find((each) => each === value) ?? null;
  return html`<div class="toolbar" role="group" aria-label=${l10n.t('Which runs')}>
    ${searchField(l10n.t('Search runs'), kept.search, (search) => actions.keep({ search }))}
    ${choice(
      '',
      options,
      kept.program ?? any,
      (program) => actions.keep({ program: program === any ? null : program }),
      l10n.t('Program'),
    )}
    ${choice('', statuses, kept.status ?? any, (value) => actions.keep({ status: status(value) }), l10n.t('Status'))}
  </div>`;
}

const actNames: Readonly<Record<TableAct, string>> = {
  compare: l10n.t('Compare'),
  report: l10n.t('Save Report…'),
  delete: l10n.t('Delete…'),
};

function acts(shown: readonly RunRow[], ticked: readonly RunRow[], actions: RunTableActions): TemplateResult {
  const button = (act: TableAct): TemplateResult => {
    const reason = whyNot(act, ticked);
    return html`<vscode-button
      appearance="secondary"
      ?disabled=${reason !== null}
      title=${reason ?? ''}
      @click=${() => actions.act(act)}
      >${actNames[act]}</vscode-button
    >`;
  };
  return html`<div class="toolbar" role="group" aria-label=${l10n.t('What to do with the ticked runs')}>
    ${tableActs.map(button)}
    <vscode-button
      appearance="secondary"
      ?disabled=${shown.length === 0}
      title=${l10n.t('Copy the numbers of the runs that are shown')}
      @click=${() => actions.copyNumbers()}
      >CSV</vscode-button
    >
    <span class="muted" role="status">${tickedText(ticked)}</span>
  </div>`;
}

/** How many are ticked, and why what many are ticked for cannot be done with them. */
function tickedText(ticked: readonly RunRow[]): string {
  if (ticked.length === 0) return l10n.t('Tick runs to compare, report or delete them.');
  const reasons = (['compare', 'delete'] as const).map((act) => (ticked.length > 1 ? whyNot(act, ticked) : null));
  return [l10n.t('{0} ticked.', ticked.length), ...reasons].filter(Boolean).join(' ');
}

const columnNames: Readonly<Record<RunColumn, string>> = {
  ...{
    name: l10n.t('Name'),
    program: l10n.t('Program'),
    strategy: l10n.t('Strategy'),
    model: l10n.t('Model'),
    seed: l10n.t('Seed'),
    status: l10n.t('Status'),
  },
  ...{
    dev: l10n.t('Dev'),
    test: l10n.t('Test'),
    gain: l10n.t('Gain'),
    calls: l10n.t('Calls'),
    cost: l10n.t('Cost'),
    time: l10n.t('Work time'),
    date: l10n.t('Begun'),
  },
  note: l10n.t('Note'),
};

const widths =
  '1.6em minmax(15em, 2fr) minmax(9em, 1fr) minmax(7em, 1fr) 12em 11.5em 11.5em minmax(26em, 1fr) 4.5em 5em 6.5em ' +
  '9.5em minmax(11em, 1fr) 3.2em minmax(8em, 2fr)';

function table({ kept }: RunTableModel, shown: readonly RunRow[], actions: RunTableActions): WindowRows {
  const ticked = new Set(kept.ticked);
  const all = shown.every(({ key }) => ticked.has(key));
  const tickAll = (): void =>
    actions.tick(
      shown.map(({ key }) => key),
      !all,
    );
  return {
    label: l10n.t('All runs'),
    list: JSON.stringify({ ...kept, ticked: [] }),
    total: shown.length,
    columns: widths,
    minWidth: '150em',
    header: html`<span role="columnheader"
        ><input
          type="checkbox"
          aria-label=${l10n.t('Tick all runs that are shown')}
          .checked=${live(all)}
          @change=${tickAll}
      /></span>
      ${runColumns.map((key) => sortHeader({ key, text: columnNames[key] }, kept.sort, ({ descending }) => actions.keep({ sort: { by: key, descending } })))}`,
    selected: null,
    ticks: {
      has: (place) => ticked.has(shown[place]!.key),
      toggle: (place) => actions.tick([shown[place]!.key], !ticked.has(shown[place]!.key)),
    },
    row: (place) => runCells(shown[place]!, ticked.has(shown[place]!.key), () => actions.open(shown[place]!.key)),
    open: (place) => actions.open(shown[place]!.key),
  };
}

/** A click anywhere in the row ticks it, and one on the name opens the run. */
function runCells(row: RunRow, ticked: boolean, open: () => void): TemplateResult {
  const opened = (event: Event): void => {
    event.stopPropagation();
    open();
  };
  return html`<span role="gridcell"
      ><input type="checkbox" tabindex="-1" aria-label=${l10n.t('Tick {0}', row.name)} .checked=${live(ticked)}
    /></span>
    <span role="gridcell" class="cut" title=${`${row.name}\n${row.id}`}
      ><button type="button" class="link cut" tabindex="-1" @click=${opened}>${row.name}</button></span
    >
    ${textCell(row.folder === null ? row.program : l10n.t('{0} in {1}', row.program, row.folder))}
    ${textCell(row.strategy)} ${statusCell(row)} ${scoreCell(row.dev, row.best)} ${scoreCell(row.test, row.best)}
    ${gainCell(row)} ${numberCell(count(row.calls), l10n.t('{0} more from the memo', count(row.cached)))}
    ${numberCell(dollars(row.usd))} ${numberCell(row.seconds === null ? '–' : duration(row.seconds))}
    ${numberCell(row.date)} ${textCell(l10n.t('{0} on {1}', row.model, row.endpoint))} ${numberCell(String(row.seed))}
    ${textCell(row.note)}`;
}

const textCell = (text: string): TemplateResult => html`<span role="gridcell" class="cut" title=${text}>${text}</span>`;

const numberCell = (text: string, more = ''): TemplateResult =>
  html`<span role="gridcell" class="number" title=${more}>${text}</span>`;

/** A sign beside the word: found at a glance, without colours too. */
const signs: Readonly<Record<RunRow['status'], string>> = { running: '▶', finished: '✓', stopped: '■', crashed: '✗' };

function statusCell({ status, atWork, madeHere }: RunRow): TemplateResult {
  const more = [atWork, madeHere ? null : l10n.t('not made by you on this machine: it can only be looked at')];
  const colour = status === 'crashed' ? 'bad' : status === 'finished' ? 'good' : '';
  return html`<span role="gridcell" class=${`cut ${colour}`} title=${more.filter((each) => each !== null).join('\n')}
    ><span class="sign" aria-hidden="true">${signs[status]}</span>
    ${runStatusWord[status]}${madeHere ? '' : `, ${l10n.t('not yours')}`}</span
  >`;
}

function scoreCell(score: RunRow['dev'], best: string | null): TemplateResult {
  if (score === null) return numberCell('–');
  const range = l10n.t('{0} to {1}', percent(score.low), percent(score.high));
  const failed = score.failed === 0 ? '' : `, ${l10n.t('{0} failed', score.failed)}`;
  const about = `${best ?? ''}: ${l10n.t('95 % interval {0}', range)}, ${counted(score.n, 'row')}${failed}`;
  return html`<span role="gridcell" class="number cut" title=${about}
    >${percent(score.score)} % <span class="muted">${range}</span></span
  >`;
}

function gainCell({ gain }: RunRow): TemplateResult {
  if (gain === null) return numberCell('–');
  const text = rowGainText(gain);
  return html`<span role="gridcell" class=${`number cut ${rowGainClass(gain)}`} title=${text}>${text}</span>`;
}
