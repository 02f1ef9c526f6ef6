/** Rows as the Test Explorer lists them. Pure. */
import * as l10n from '../../base/l10n.ts';
import { labelsOf } from '../../data/program.ts';
import type { Example } from '../../data/program.ts';
import type { Fields } from '../../base/json.ts';
import { lineText, plainText, preview } from '../../view/lineText.ts';
import { brief, count, shownNumber } from '../../view/words.ts';
import type { TestSplit } from './programTests.ts';

/**
 * Rows of a split that are listed. VS Code takes ten thousand items, and draws each of them anew with every result
 * (microsoft/vscode#170493); nobody reads as many.
 */
export const rowsListedAtMost = 1000;

const labelLength = 80;

export interface RowTest {
  /** `dev:12`; numbered from 0. */
  readonly id: string;
  /** `13: turn the lights on`, numbered from 1. */
  readonly label: string;
  /** What the row's labels say; '' where it has none. */
  readonly description: string;
  /** Puts rows in the order of their file. */
  readonly sortText: string;
}

export function rowTest(split: TestSplit, row: Example): RowTest {
  const [first] = Object.values(row.inputs);
  const asked = first === undefined ? '' : brief(lineText(first), labelLength);
  return {
    id: rowId(split, row.id),
    label: `${shownNumber(row.id)}: ${asked === '' ? l10n.t('(empty)') : asked}`,
    description: brief(preview(labelsOf(row)), labelLength),
    sortText: String(row.id).padStart(12, '0'),
  };
}

export function rowId(split: TestSplit, row: number): string {
  return `${split}:${row}`;
}

export interface ListedRows {
  /** In the order of the file. */
  readonly rows: readonly Example[];
  /** How many are not listed. */
  readonly left: number;
}

/** All of them, or those that failed and then the first others, up to a limit. */
export function listedRows(
  rows: readonly Example[],
  failed: ReadonlySet<number>,
  most: number = rowsListedAtMost,
): ListedRows {
  if (rows.length <= most) return { rows, left: 0 };
  const first = rows.filter(({ id }) => failed.has(id)).slice(0, most);
  const others = rows.filter(({ id }) => !failed.has(id)).slice(0, most - first.length);
  const listed = new Set([...first, ...others]);
  return { rows: rows.filter((row) => listed.has(row)), left: rows.length - listed.size };
}

/** `1,000 of 12,000 rows listed, failed ones first`; '' where all are. */
export function listedText({ rows, left }: ListedRows): string {
  if (left === 0) return '';
  return l10n.t`${count(rows.length)} of ${count(rows.length + left)} rows listed, failed ones first`;
}

/** `3,7-9`: numbers from 0, as the command line takes them, from 1. */
export function rowsArgument(rows: readonly number[]): string {
  const sorted = [...new Set(rows)].sort((a, b) => a - b);
  const ranges: { readonly first: number; last: number }[] = [];
  for (const row of sorted) {
    const range = ranges.at(-1);
    if (range?.last === row - 1) range.last = row;
    else ranges.push({ first: row, last: row });
  }
  return ranges
    .map(({ first, last }) => (first === last ? [first] : [first, last]).map(shownNumber).join('-'))
    .join(',');
}

/** Labels and what was predicted for them, as two texts to be compared; `null` where a row has no label. */
export function sidesOf(
  labels: Fields,
  prediction: Fields,
): { readonly expected: string; readonly actual: string } | null {
  const names = Object.keys(labels);
  if (names.length === 0) return null;
  return { expected: sideText(labels, names), actual: sideText(prediction, names) };
}

function sideText(fields: Fields, names: readonly string[]): string {
  const text = (name: string): string => (Object.hasOwn(fields, name) ? plainText(fields[name]!) : '');
  return names.length === 1 ? text(names[0]!) : names.map((name) => `${name}: ${text(name)}`).join('\n');
}
