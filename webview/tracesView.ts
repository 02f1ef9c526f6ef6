/** All runs of the program in this run, and the trace of one of them. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { purposeSchema } from '../src/protocol.ts';
import type { Snapshot, TraceRow } from '../src/viewProtocol.ts';
import type { Actions } from './actions.ts';
import { capitalized, duration, purposeName, rowScore, shownNumber, startName, stepName } from '../src/view/words.ts';
import type { Kept, Model } from './model.ts';
import { choice } from './parts.ts';
import { traceView } from './traceView.ts';
import type { WindowRows } from './windowList.ts';

export function tracesView(model: Model, snapshot: Snapshot, actions: Actions): TemplateResult {
  const { traceTotal, traceRows, kept } = model;
  // Most metrics say nothing.
  const said = [...traceRows.values()].some(({ feedback }) => feedback !== null);
  return html`${filters(kept, snapshot, actions)}
    <div class=${`split ${said ? 'even' : ''}`}>
      <div class="list">
        <p class="muted" role="status">
          ${traceTotal === null ? 'Looking through the traces…' : `${traceTotal.toLocaleString('en-US')} runs of the program`}
        </p>
        <bt-rows class="fill" .rows=${table(model, said, actions)}></bt-rows>
      </div>
      <div class="trace">${traceView(model, actions)}</div>
    </div>`;
}

const anyValue = '*';

function filters({ traceFilter }: Kept, snapshot: Snapshot, actions: Actions): TemplateResult {
  const { step, purpose, candidate, example } = traceFilter;
  const steps = snapshot.steps.map(({ prefix }) => ({
    value: prefix,
    text: stepName(prefix, startName(snapshot.asked.from)),
  }));
  const purposes = purposeSchema.options.map((value) => ({ value, text: capitalized(purposeName[value]) }));
  const without = (name: keyof Kept['traceFilter']) =>
    actions.filterTraces(Object.fromEntries(Object.entries(traceFilter).filter(([one]) => one !== name)));
  const only = (name: 'candidate' | 'example', text: string) =>
    html`<vscode-button appearance="secondary" title="Show all" @click=${() => without(name)}
      >${text} ✕</vscode-button
    >`;
  return html`<div class="toolbar" role="group" aria-label="Filter of the traces">
    ${choice('Step', [{ value: anyValue, text: 'All' }, ...steps], step ?? anyValue, (value) =>
      value === anyValue ? without('step') : actions.filterTraces({ ...traceFilter, step: value }),
    )}
    ${choice('For', [{ value: anyValue, text: 'Everything' }, ...purposes], purpose ?? anyValue, (value) =>
      value === anyValue
        ? without('purpose')
        : actions.filterTraces({ ...traceFilter, purpose: value as NonNullable<typeof purpose> }),
    )}
    ${candidate === undefined ? nothing : only('candidate', `Candidate ${shownNumber(candidate)}`)}
    ${example === undefined ? nothing : only('example', `Row ${shownNumber(example)}`)}
  </div>`;
}

/** @param said whether what the metric said has a column. */
function table({ traceTotal, traceRows, kept, snapshot }: Model, said: boolean, actions: Actions): WindowRows {
  const open = (place: number): void => {
    const row = traceRows.get(place);
    if (row !== undefined) actions.openTrace(row.trace);
  };
  const first = '4.5em minmax(6em, 1fr) minmax(6em, 1fr) 4.5em';
  return {
    label: 'Runs of the program',
    total: traceTotal ?? 0,
    columns: said ? `${first} minmax(8em, 3fr) 5em` : `${first} 5em`,
    header: html`<span role="columnheader">Row</span><span role="columnheader">Step</span
      ><span role="columnheader">For</span><span role="columnheader">Score</span>${
        said ? html`<span role="columnheader">The metric said</span>` : nothing
      }<span role="columnheader">Time</span>`,
    selected: placeOf(traceRows, kept.trace),
    need: (from, count) => actions.needTraces(from, count),
    open,
    row: (place) => {
      const row = traceRows.get(place);
      return row === undefined ? null : cells(row, startName(snapshot?.asked.from), said);
    },
  };
}

function placeOf(rows: ReadonlyMap<number, TraceRow>, trace: number | null): number | null {
  if (trace === null) return null;
  for (const [place, row] of rows) if (row.trace === trace) return place;
  return null;
}

function cells(row: TraceRow, start: string, said: boolean): TemplateResult {
  const { example, round, step, purpose, candidate, score, error, feedback, seconds, cached } = row;
  const what = `${capitalized(purposeName[purpose])}${candidate === null ? '' : `, candidate ${shownNumber(candidate)}`}`;
  return html`<span role="gridcell" class="number"
      >${shownNumber(example)}${round > 0 ? html`<span class="muted">·${round + 1}</span>` : nothing}</span
    >
    <span role="gridcell" class="cut">${stepName(step, start)}</span>
    <span role="gridcell" class="cut">${what}</span>
    <span role="gridcell" class=${error === null ? '' : 'bad'} title=${error ?? ''}
      >${error === null ? rowScore(score) : 'failed'}</span
    >
    ${said ? html`<span role="gridcell" class="cut" title=${feedback ?? ''}>${feedback ?? ''}</span>` : nothing}
    <span role="gridcell" class="muted">${cached ? 'memo' : seconds === null ? '' : duration(seconds)}</span>`;
}
