/** Rows of `.csv` and `.tsv` files: the first line names the columns, every value is a text. */
import type { Hash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse as csvParser } from 'csv-parse';
import { UsageError, messageOf } from '../base/errors.ts';
import { columnsAtMost, rowBytesAtMost } from '../base/limits.ts';
import { separatorOf } from './csvSeparator.ts';
import { checkedChunks, tooLong, tooWide } from './dataFile.ts';
import type { DataLimits, Row } from './dataFile.ts';

interface CsvRecord {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number };
}

/** Bytes by which the separator is found. */
const headBytes = 32 * 1024;

/** @throws UsageError naming file and line. */
export async function csvRows(file: string, limits: DataLimits, hash: Hash): Promise<readonly Row[]> {
  const { rowBytes = rowBytesAtMost } = limits;
  const rows: Row[] = [];
  try {
    const chunks = checkedChunks(file, limits, hash);
    const head = await headOf(chunks);
    const separator = separatorOf(head.toString('utf8', 0, headBytes).replace(/^\uFEFF/, ''));
    const parser = csvParser({
      bom: true,
      delimiter: separator.delimiter,
      from_line: separator.fromLine,
      columns: (names: string[]) => namesOf(names, `${file}:${separator.fromLine}`),
      ltrim: separator.spaced,
      skip_empty_lines: true,
      // Cells that were emptied, or formatted alone, are written as separators.
      skip_records_with_empty_values: true,
      // Excel leaves out separators at the ends of lines. What is missing is no empty text: it is no field of the row.
      relax_column_count_less: true,
      relax_quotes: !hasOtherEscapes(head),
      info: true,
      max_record_size: rowBytes,
    });
    await pipeline(after(head, chunks), parser, async (records: AsyncIterable<CsvRecord>) => {
      for await (const { record, info } of records) {
        const place = `${file}:${info.lines}`;
        rows.push({ place, fields: withoutUnnamed(record, place) });
      }
    });
    return rows;
  } catch (error) {
    throw error instanceof UsageError ? error : notCsv(error, file, rowBytes);
  }
}

/** Quotes that are written `\\"`: taken as they stand, the backslashes would be of the text. */
function hasOtherEscapes(head: Buffer): boolean {
  return head.includes('\\"');
}

async function headOf(chunks: AsyncGenerator<Buffer>): Promise<Buffer> {
  const head: Buffer[] = [];
  for (let bytes = 0; bytes < headBytes;) {
    const next = await chunks.next();
    if (next.done === true) break;
    head.push(next.value);
    bytes += next.value.length;
  }
  return Buffer.concat(head);
}

async function* after(head: Buffer, chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  yield* chunks;
}

/** A column without a name, by its number from 1: no text of a file can be one. */
const unnamed = (column: number): string => `\0${column}`;

/** Of two columns with one name the first would be lost in silence. */
function namesOf(names: readonly string[], place: string): string[] {
  if (names.length > columnsAtMost) throw tooWide(place, names.length);
  const seen = new Set<string>();
  return names.map((written, i) => {
    const name = written.trim();
    if (name === '') return unnamed(i + 1);
    if (seen.has(name)) throw new UsageError(`${place}: two columns are named "${name}". Rename one of them.`);
    seen.add(name);
    return name;
  });
}

/**
 * What programs write without a name: nothing, after a separator at the end of lines, or the rows' numbers, in front
 * (pandas), in any order after rows were shuffled or chosen.
 */
function withoutUnnamed(record: CsvRecord['record'], place: string): CsvRecord['record'] {
  const names = Object.keys(record).filter((name) => name.startsWith('\0'));
  if (names.length === 0) return record;
  for (const name of names) {
    const value = record[name]!;
    if (value.trim() === '' || (name === unnamed(1) && /^\d+$/.test(value))) continue;
    throw new UsageError(
      `${place}: column ${name.slice(1)} has no name in the first line, and "${shortened(value)}" here. Name it, or ` +
        `remove it (pandas: to_csv(…, index=False)).`,
    );
  }
  return Object.fromEntries(Object.entries(record).filter(([name]) => !name.startsWith('\0')));
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function notCsv(error: unknown, file: string, rowBytes: number): UsageError {
  const line = error instanceof CsvError && typeof error['lines'] === 'number' ? `:${error['lines']}` : '';
  if (error instanceof CsvError && error.code === 'CSV_MAX_RECORD_SIZE') return tooLong(`${file}${line}`, rowBytes);
  const remedy = (error instanceof CsvError && remedies[error.code]) || '';
  return new UsageError(`${file}${line}: not valid CSV: ${messageOf(error)}.${remedy}`, error);
}

const quoted =
  ' A text with a quote in it has to stand in double quotes, and the quote is written twice: "say ""hi""".';
const remedies: Readonly<Record<string, string>> = {
  CSV_RECORD_INCONSISTENT_COLUMNS: ' A text with the separator in it has to stand in double quotes.',
  INVALID_OPENING_QUOTE: quoted,
  CSV_INVALID_CLOSING_QUOTE: quoted,
};
