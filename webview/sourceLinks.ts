/** Texts of errors whose `file.py:33`, or `file.ipynb, cell 5, line 3`, opens the file. */
import * as l10n from '../src/base/l10n.ts';
import { html } from 'lit';
import type { TemplateResult } from 'lit';
import { guard } from 'lit/directives/guard.js';
import type { DirectiveResult } from 'lit/directive.js';

export interface SourcePlace {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Of a notebook, from 1; the line is of the cell then. */
  readonly cell?: number;
}

export type LinkedPart = string | (SourcePlace & { readonly text: string });

/**
 * `file.py:33`, a cell of a notebook as `placeText` says it, and what Python writes of a frame: `File "/w/file.py", line 33`. A file begins where a word does: were it
 * looked for from every letter on, the time would grow with the square of a long word.
 */
const places = new RegExp(
  [
    /File "(?<frame>[^"\n]+?)(?:, cell (?<frameCell>\d{1,7}))?", line (?<frameLine>\d{1,7})/,
    /(?<![^\s"'`()<>:,;])(?<file>(?:[A-Za-z]:[\\/])?[^\s"'`()<>:,;]+\.(?:py|[cm]?[jt]sx?)):(?<line>\d{1,7})/,
    /(?<![^\s"'`()<>:,;])(?<notebook>(?:[A-Za-z]:[\\/])?[^\s"'`()<>:,;]+\.(?:ipynb|py)), cell (?<cell>\d{1,7})(?:, line (?<cellLine>\d{1,7}))?/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
);

/** The text in parts, those that name a place apart. Pure. */
export function linkedParts(text: string): readonly LinkedPart[] {
  const parts: LinkedPart[] = [];
  let end = 0;
  for (const { 0: whole, index, groups = {} } of text.matchAll(places)) {
    const { frame, frameLine, file, notebook } = groups;
    const cell = groups['frameCell'] ?? groups['cell'];
    const line = Number(frameLine ?? groups['line'] ?? groups['cellLine'] ?? 1);
    if (line === 0 || cell === '0') continue;
    const inCell = cell === undefined ? {} : { cell: Number(cell) };
    parts.push(text.slice(end, index), { text: whole, file: (frame ?? file ?? notebook)!, line, ...inCell });
    end = index + whole.length;
  }
  return [...parts, text.slice(end)].filter((part) => part !== '');
}

/** Taken apart once for a text, not with every draw. */
export function linkedText(text: string, open: (place: SourcePlace) => void): DirectiveResult {
  return guard([text], () =>
    linkedParts(text).map((part) => (typeof part === 'string' ? part : sourceLink(part, part.text, open))),
  );
}

export function sourceLink(place: SourcePlace, text: string, open: (place: SourcePlace) => void): TemplateResult {
  return html`<button
    type="button"
    class="link"
    title=${l10n.t('Open the file at this line')}
    @click=${() => open(place)}
  >
    ${text}
  </button>`;
}
