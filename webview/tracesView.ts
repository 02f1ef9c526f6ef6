/** All runs of the program in this run, and the trace of one of them. */
import * as l10n from '../src/base/l10n.ts';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { purposeSchema } from '../src/protocol.ts';
import { gradeOf, gradeSign, gradeWord } from '../src/view/grade.ts';
import { traceOutcomes } from '../src/viewProtocol/traces.ts';
import type { Snapshot } from '../src/viewProtocol/snapshot.ts';
import type { TraceRow, TraceSort } from '../src/viewProtocol/traces.ts';
import { counted } from '../src/view/counted.ts';
import type { Actions } from './actions.ts';
import {
  capitalized,
  duration,
  purposeName,
  rowScore,
  short,
  shownNumber,
  startName,
  stepName,
} from '../src/view/words.ts';
import type { Kept, Model } from './model.ts';
import { choice, searchField } from './parts.ts';
import { sortHeader } from './sortHeader.ts';
import type { TraceListing } from './tracePages.ts';
import { traceView } from './traceView.ts';
import type { WindowRows } from './windowList.ts';

export function tracesView(model: Model, snapshot: Snapshot, actions: Actions): TemplateResult {
  const { traces, kept } = model;
  // Most metrics say nothing.
  const said = traces !== null && [...traces.rows.values()].some(({ feedback }) => feedback !== null);
  return html`${filters(kept, snapshot, actions)}
    <div class=${`split ${said ? 'even' : ''}`}>
      <div class="list">
        <p class="muted" role="status">
          ${traces === null ? l10n.t('Looking through the traces…') : counted(traces.total, 'runOfTheProgram')}
        </p>
        <bt-rows class="fill" .rows=${table(traces, kept, said, snapshot, actions)}></bt-rows>
      </div>
      <div class="trace">${traceView(model, actions)}</div>
    </div>`;
}

const anyValue = '*';

const outcomeName = {
  right: l10n.t('Right'),
  partly: l10n.t('Partly right'),
  wrong: l10n.t('Wrong'),
  failed: l10n.t('Failed'),
  slow: l10n.t('Slowest 5 %'),
} as const satisfies Record<(typeof traceOutcomes)[number], string>;

function filters({ traceFilter }: Kept, snapshot: Snapshot, actions: Actions): TemplateResult {
  const { step, purpose, candidate, example, outcome, text } = traceFilter;
  const steps = snapshot.steps.map(({ prefix }) => ({
    value: prefix,
    text: stepName(prefix, startName(snapshot.asked.from)),
  }));
  const purposes = purposeSchema.options.map((value) => ({ value, text: capitalized(purposeName[value]) }));
  const outcomes = traceOutcomes.map((value) => ({ value, text: outcomeName[value] }));
  const without = (name: keyof Kept['traceFilter']) =>
    actions.filterTraces(Object.fromEntries(Object.entries(traceFilter).filter(([one]) => one !== name)));
  const only = (name: 'candidate' | 'example', words: string) =>
    html`<vscode-button appearance="secondary" title=${l10n.t('Show all')} @click=${() => without(name)}
      >${words} ✕</vscode-button
    >`;
  return html`<div class="toolbar" role="group" aria-label=${l10n.t('Filter of the traces')}>
    ${searchField(l10n.t('Search inputs and outputs'), text ?? '', (value) =>
      value === '' ? without('text') : actions.filterTraces({ ...traceFilter, text: value }),
    )}
    ${choice(l10n.t('Step'), [{ value: anyValue, text: l10n.t('All') }, ...steps], step ?? anyValue, (value) =>
      value === anyValue ? without('step') : actions.filterTraces({ ...traceFilter, step: value }),
    )}
    ${choice(
      l10n.t('Purpose'),
      [{ value: anyValue, text: l10n.t('All') }, ...purposes],
      purpose ?? anyValue,
      (value) =>
        value === anyValue
          ? without('purpose')
          : actions.filterTraces({ ...traceFilter, purpose: value as NonNullable<typeof purpose> }),
    )}
    ${choice(l10n.t('Only'), [{ value: anyValue, text: l10n.t('All') }, ...outcomes], outcome ?? anyValue, (value) =>
      value === anyValue
        ? without('outcome')
        : actions.filterTraces({ ...traceFilter, outcome: value as NonNullable<typeof outcome> }),
    )}
    ${candidate === undefined ? nothing : only('candidate', l10n.t('Candidate {0}', shownNumber(candidate)))}
    ${example === undefined ? nothing : only('example', l10n.t('Row {0}', shownNumber(example)))}
  </div>`;
}

/** @param said whether what the metric said has a column. */
function table(
  traces: TraceListing | null,
  kept: Kept,
  said: boolean,
  snapshot: Snapshot,
  actions: Actions,
): WindowRows {
  const rows = traces?.rows ?? new Map<number, TraceRow>();
  const open = (place: number): void => {
    const row = rows.get(place);
    if (row !== undefined) actions.openTrace(row.trace);
  };
  const place = placeOf(rows, kept.trace);
  const first = '3.6em minmax(4.6em, 1fr) minmax(4em, 1fr) minmax(7em, 3fr) 4em';
  return {
    label: l10n.t('Runs of the program'),
    list: JSON.stringify([kept.traceFilter, kept.traceSort]),
    total: traces?.total ?? 0,
    columns: said ? `${first} minmax(8em, 3fr) 3.7em 4em` : `${first} 3.7em 4em`,
    minWidth: said ? '45.5em' : '37em',
    header: header(kept, said, actions),
    selected: place === null ? null : { place, key: String(kept.trace) },
    follows: true,
    need: (from, count) => actions.needTraces(from, count),
    open,
    row: (at) => {
      const row = rows.get(at);
      return row === undefined ? null : cells(row, said, snapshot);
    },
  };
}

function header({ traceFilter, traceSort }: Kept, said: boolean, actions: Actions): TemplateResult {
  const sorted = (key: TraceSort['by'], text: string) =>
    sortHeader({ key, text }, traceSort, ({ descending }) =>
      actions.filterTraces(traceFilter, { by: key, descending: traceSort.by === key ? descending : key !== 'made' }),
    );
  return html`${sorted('made', l10n.t('Row'))}<span role="columnheader">${l10n.t('Step')}</span
    ><span role="columnheader">${l10n.t('Purpose')}</span
    ><span role="columnheader">${l10n.t('Input')}</span>${sorted('score', l10n.t('Score'))}${
      said ? html`<span role="columnheader">${l10n.t('The metric said')}</span>` : nothing
    }${sorted('tokens', l10n.t('Tokens'))}${sorted('seconds', l10n.t('Time'))}`;
}

function placeOf(rows: ReadonlyMap<number, TraceRow>, trace: number | null): number | null {
  if (trace === null) return null;
  for (const [place, row] of rows) if (row.trace === trace) return place;
  return null;
}

function cells(row: TraceRow, said: boolean, { asked }: Snapshot): TemplateResult {
  const { example, round, step, purpose, candidate, input, feedback, tokens, seconds, cached } = row;
  const what = `${capitalized(purposeName[purpose])}${candidate === null ? '' : `, ${l10n.t('candidate {0}', shownNumber(candidate))}`}`;
  return html`<span role="gridcell" class="number"
      >${shownNumber(example)}${round > 0 ? html`<span class="muted">·${round + 1}</span>` : nothing}</span
    >
    <span role="gridcell" class="cut">${stepName(step, startName(asked.from))}</span>
    <span role="gridcell" class="cut" title=${what}>${what}</span>
    <span role="gridcell" class="cut" title=${input ?? ''}>${input ?? ''}</span>
    ${scoreCell(row, asked.threshold)}
    ${said ? html`<span role="gridcell" class="cut" title=${feedback ?? ''}>${feedback ?? ''}</span>` : nothing}
    <span role="gridcell" class="muted">${tokens === null ? '' : short(tokens)}</span>
    <span role="gridcell" class="muted">${cached ? l10n.t('memo') : seconds === null ? '' : duration(seconds)}</span>`;
}

function scoreCell({ score, error }: TraceRow, threshold: number): TemplateResult {
  const grade = gradeOf(score, error !== null, threshold);
  if (grade === null) return html`<span role="gridcell" class="muted">${rowScore(score)}</span>`;
  return html`<span role="gridcell" class=${grade} title=${error ?? gradeWord[grade]}
    ><span aria-hidden="true">${gradeSign[grade]}</span> ${grade === 'failed' ? gradeWord.failed : rowScore(score)}
    ${grade === 'failed' ? nothing : html`<span class="hidden">${gradeWord[grade]}</span>`}</span
  >`;
}
