/** What separates the columns of a `.csv` or `.tsv` file: in half of Europe Excel writes semicolons. */
import { parse } from 'csv-parse/sync';
import { relaxesQuotes } from './csvQuotes.ts';

export interface Separator {
  readonly delimiter: string;
  /** The line of the column names, from 1. */
  readonly fromLine: number;
  /** The names are written `question, answer`: spaces behind a separator are none of the values. */
  readonly spaced: boolean;
}

const separators = [',', ';', '\t', '|'];
/** Records that are looked at. */
const sample = 20;

/**
 * The separator with which the first records have the same number of columns, and the most; where there is none, the
 * one with which the column names are the most. A comma if nothing separates anything.
 *
 * @param head the text of the file as far as it was read
 */
export function separatorOf(head: string): Separator {
  // Excel's own line.
  const named = /^sep=(.)\r?\n/i.exec(head);
  if (named !== null) return { delimiter: named[1]!, fromLine: 2, spaced: false };
  const found = separators.map((delimiter) => ({ delimiter, ...columnsBy(head, delimiter) }));
  const best = found.reduce((one, other) => (isBetter(other, one) ? other : one));
  if (best.columns === 1) return { delimiter: ',', fromLine: 1, spaced: false };
  return { delimiter: best.delimiter, fromLine: 1, spaced: isSpaced(head, best.delimiter) };
}

function isSpaced(head: string, delimiter: string): boolean {
  const [, ...names] = head.trimStart().split('\n', 1)[0]!.split(delimiter);
  return delimiter !== '\t' && names.every((name) => name.startsWith(' '));
}

interface Columns {
  readonly columns: number;
  /** Each record that was looked at has as many. */
  readonly even: boolean;
}

function isBetter(one: Columns, other: Columns): boolean {
  const [a, b] = [one, other].map(({ columns, even }) => even && columns > 1);
  return a === b ? one.columns > other.columns : a!;
}

function columnsBy(head: string, delimiter: string): Columns {
  const widths = widthsOf(head, delimiter, sample) ?? widthsOf(head, delimiter, 1) ?? [1];
  // The file may go on in the last record.
  const whole = widths.length < sample ? widths.slice(0, Math.max(1, widths.length - 1)) : widths;
  return { columns: widths[0] ?? 1, even: whole.every((width) => width === widths[0]) };
}

/** Columns of each of the first records; `null` where it is not CSV, as far as it was read. */
function widthsOf(head: string, delimiter: string, to: number): readonly number[] | null {
  try {
    const relaxed = { relax_column_count: true, relax_quotes: relaxesQuotes(head) };
    return parse(head, { delimiter, to, ltrim: delimiter !== '\t', skip_empty_lines: true, ...relaxed }).map(
      ({ length }) => length,
    );
  } catch {
    return null;
  }
}
