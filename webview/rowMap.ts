/** All rows as thin strips, one for each state, in the order of the table: what was fixed and broken, at a glance. */
import * as l10n from '../src/base/l10n.ts';
import { html, nothing, svg } from 'lit';
import type { TemplateResult } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { gradeOf, grades } from '../src/view/grade.ts';
import type { Grade } from '../src/view/grade.ts';
import { counted } from '../src/view/counted.ts';
import { count } from '../src/view/words.ts';
import type { ExampleRow } from '../src/viewProtocol/examples.ts';
import { countMatches } from './exampleFilter.ts';
import type { MatchCounts } from './exampleFilter.ts';
import { lastCall } from './lastCall.ts';
import type { ScoreColumn } from './scoreTable.ts';

export interface RowMap {
  readonly columns: readonly ScoreColumn[];
  /** As the table has them. */
  readonly rows: readonly ExampleRow[];
  readonly from: number;
  readonly threshold: number;
  /** The row whose trace is open. */
  readonly open: number | null;
  show(row: ExampleRow, column: number): void;
}

/** More than these have less than a pixel each: of those there are the words alone, until they are filtered. */
const drawnAtMost = 2000;

export function rowMap(parts: RowMap): TemplateResult | typeof nothing {
  const { columns, rows, from, threshold, open } = parts;
  if (rows.length < 2) return nothing;
  const changes = changesIn(rows, columns.length, from, threshold);
  const place = open === null ? -1 : rows.findIndex(({ example }) => example === open);
  return html`<div
    class="row-map"
    role="group"
    aria-label=${l10n.t('Rows of the table by state, from the first to the last')}
  >
    ${columns.map(({ text }, column) => strip(text, column, place, changes[column]!, parts))}
  </div>`;
}

/** @param place of the row whose trace is open, or −1. */
function strip(
  text: string,
  column: number,
  place: number,
  { fixed, broken }: MatchCounts,
  parts: RowMap,
): TemplateResult {
  const { rows, from, threshold, show } = parts;
  const said =
    column === from
      ? l10n.t('what the others are compared with')
      : l10n.t('fixed {0}, broken {1} of {2}', count(fixed), count(broken), counted(rows.length, 'row'));
  if (rows.length > drawnAtMost) {
    return html`<span class="cut" title=${text}>${text}</span><span class="muted">${said}</span><span></span>`;
  }
  return html`<span class="cut" title=${text}>${text}</span>
    <svg
      class="strip"
      viewBox=${`0 0 ${rows.length} 1`}
      preserveAspectRatio="none"
      role="img"
      aria-label=${`${text}: ${said}`}
      @click=${({ offsetX, currentTarget }: MouseEvent) => {
        const share = offsetX / (currentTarget as SVGElement).clientWidth;
        const row = rows[Math.min(rows.length - 1, Math.floor(share * rows.length))];
        if (row !== undefined) show(row, column);
      }}
    >
      ${guard([rows, column, threshold], () => grades.map((grade) => svg`<path class=${grade} d=${marks(rows, column, threshold, grade)}></path>`))}
      ${place < 0 ? nothing : svg`<rect class="here" x=${place} y="0" width="1" height="1"></rect>`}
    </svg>
    <span class="muted">${said}</span>`;
}

/** Of each column, how many rows each filter would leave. */
const changesIn = lastCall(
  (rows: readonly ExampleRow[], columns: number, from: number, threshold: number): readonly MatchCounts[] =>
    Array.from({ length: columns }, (_, to) => countMatches(rows, { from, to }, threshold)),
);

/** The better, the higher: the form says what the colour says. */
const height: Readonly<Record<Grade, number>> = { right: 1, partly: 0.6, wrong: 0.3, failed: 0.15 };

/** Neighbours of one grade are one mark: a split of many thousand rows stays quick to draw. Pure. */
export function marks(rows: readonly ExampleRow[], column: number, threshold: number, grade: Grade): string {
  const is = (row: ExampleRow): boolean =>
    gradeOf(row.scores[column] ?? null, row.failed[column] === true, threshold) === grade;
  const tall = height[grade];
  let path = '';
  for (let at = 0; at < rows.length; at++) {
    if (!is(rows[at]!)) continue;
    const first = at;
    while (at + 1 < rows.length && is(rows[at + 1]!)) at++;
    path += `M${first} ${1 - tall}h${at + 1 - first}v${tall}h${first - at - 1}z`;
  }
  return path;
}
