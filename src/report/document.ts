/**
 * The frame of a report: one HTML file with nothing outside it and no script in it, so that what a model or a data file wrote
 * can do nothing, wherever the report is opened.
 */
import * as l10n from '../base/l10n.ts';
import { html } from '../base/markup.ts';
import type { Markup } from '../base/markup.ts';

const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** Colours of their own for light and dark, all at a contrast of 4.5 or more to the ground. */
const style = html`<style>
  :root {
    color-scheme: light dark;
    --text: #1f2328;
    --muted: #59636e;
    --ground: #fff;
    --box: #f6f8fa;
    --line: #d1d9e0;
    --accent: #0969da;
    --good: #116329;
    --bad: #a40e26;
    --unclear: #7d4e00;
  }
  @media (prefers-color-scheme: dark) {
    :root {
      --text: #e6edf3;
      --muted: #a0a9b3;
      --ground: #0d1117;
      --box: #151b23;
      --line: #3d444d;
      --accent: #4493f8;
      --good: #56d364;
      --bad: #ff8b84;
      --unclear: #e3b341;
    }
  }
  * {
    box-sizing: border-box;
  }
  body {
    margin: 0 auto;
    padding: 16px 24px 48px;
    max-width: 1200px;
    color: var(--text);
    background: var(--ground);
    font:
      15px/1.5 system-ui,
      sans-serif;
  }
  h1 {
    margin: 8px 0;
    font-size: 1.6em;
  }
  h2 {
    margin: 32px 0 8px;
    font-size: 1.25em;
  }
  h3 {
    margin: 16px 0 4px;
    font-size: 1.05em;
  }
  p {
    margin: 4px 0;
  }
  a {
    color: var(--accent);
  }
  .muted,
  caption {
    color: var(--muted);
  }
  .good {
    color: var(--good);
  }
  .bad {
    color: var(--bad);
  }
  .unclear {
    color: var(--unclear);
  }
  .verdict {
    margin: 12px 0;
    padding: 8px 12px;
    border-left: 4px solid currentcolor;
    background: var(--box);
    font-weight: 600;
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 24px;
    margin: 8px 0;
  }
  .facts > div {
    display: flex;
    gap: 6px;
  }
  .facts dt {
    color: var(--muted);
  }
  .facts dd {
    margin: 0;
    font-weight: 600;
  }
  .wide {
    overflow-x: auto;
  }
  table {
    border-collapse: collapse;
    width: 100%;
  }
  caption {
    padding: 4px 0;
    text-align: left;
  }
  th,
  td {
    padding: 4px 12px 4px 0;
    border-bottom: 1px solid var(--line);
    text-align: left;
    vertical-align: top;
  }
  thead th {
    color: var(--muted);
    font-weight: normal;
    white-space: nowrap;
  }
  .number {
    text-align: right;
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  tbody th {
    font-weight: normal;
  }
  .best > * {
    font-weight: 600;
  }
  pre {
    margin: 0;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    font:
      13px/1.45 ui-monospace,
      monospace;
  }
  .box {
    margin: 6px 0;
    padding: 8px 12px;
    border: 1px solid var(--line);
    border-radius: 4px;
    background: var(--box);
  }
  details {
    margin: 6px 0;
  }
  summary {
    cursor: pointer;
  }
  del {
    color: var(--bad);
  }
  ins {
    color: var(--good);
  }
  td.text {
    min-width: 12em;
    max-width: 32em;
    overflow-wrap: anywhere;
  }
  svg {
    max-width: 100%;
    height: auto;
  }
  svg text {
    fill: var(--muted);
    font:
      12px system-ui,
      sans-serif;
  }
  .axis {
    stroke: var(--line);
  }
  .dev {
    --series: var(--accent);
  }
  .test {
    --series: var(--good);
  }
  .interval,
  .path {
    stroke: var(--series);
  }
  .interval {
    stroke-width: 2;
  }
  .path {
    fill: none;
    stroke-width: 1.5;
    stroke-dasharray: 4 3;
  }
  .point {
    fill: var(--series);
  }
  text.name {
    fill: var(--series);
  }
  footer {
    margin-top: 48px;
    color: var(--muted);
    font-size: 0.9em;
  }
  @media print {
    body {
      max-width: none;
    }
  }
</style>`;

export interface ReportParts {
  readonly title: string;
  readonly body: readonly Markup[];
  /** The numbers as CSV. */
  readonly csv: string;
  /** Of the file that the CSV is saved as. */
  readonly csvName: string;
  /** ISO 8601. */
  readonly made: string;
}

function footer(made: string): string {
  return l10n.t(
    'Made by BetterTogether on {0}. Intervals are 95 %; gains are paired row by row against the baseline. This file has no script and loads nothing.',
    made,
  );
}

export function reportDocument({ title, body, csv, csvName, made }: ReportParts): string {
  const numbers = `data:text/csv;charset=utf-8;base64,${Buffer.from(csv).toString('base64')}`;
  const page = html`<!doctype html>
    <html lang="${l10n.t({ message: 'en', comment: ['The code of the language of the translation'] })}">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <title>${title}</title>
        ${style}
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
        <footer>
          <p><a href="${numbers}" download="${csvName}">${l10n.t('The numbers as CSV')}</a></p>
          <p>${footer(made)}</p>
        </footer>
      </body>
    </html> `;
  return page.toString();
}
