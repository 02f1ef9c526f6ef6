/** Rows of `.csv` and `.tsv` files: the first line names the columns, every value is a text. */
import type { Hash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse as csvParser } from 'csv-parse';
import { UsageError, messageOf } from '../base/errors.ts';
import { rowBytesAtMost } from '../base/limits.ts';
import { CsvColumns } from './csvColumns.ts';
import { isHalfQuoted, quotesRemedy, relaxesQuotes } from './csvQuotes.ts';
import { separatorOf } from './csvSeparator.ts';
import { checkedChunks, tooLong } from './dataFile.ts';
import type { DataLimits, Row } from './dataFile.ts';
import { after, headOf } from './utf8Chunks.ts';

interface CsvRecord {
  readonly record: Readonly<Record<string, string>>;
  /** As it stands in the file. */
  readonly raw: string;
  readonly info: { readonly lines: number };
}

/** Bytes by which the separator is found. */
const headBytes = 32 * 1024;

/** @throws UsageError naming file and line. */
export async function csvRows(file: string, limits: DataLimits, hash: Hash): Promise<readonly Row[]> {
  const { rowBytes = rowBytesAtMost } = limits;
  const rows: Row[] = [];
  let columns = new CsvColumns([], file);
  try {
    const chunks = checkedChunks(file, limits, hash);
    const head = await headOf(chunks, headBytes);
    const text = head.toString('utf8', 0, headBytes).replace(/^\uFEFF/, '');
    const separator = separatorOf(text);
    const parser = csvParser({
      bom: true,
      delimiter: separator.delimiter,
      from_line: separator.fromLine,
      columns: (names: string[]) => {
        columns = new CsvColumns(names, `${file}:${separator.fromLine}`);
        return columns.names;
      },
      ltrim: separator.spaced,
      skip_empty_lines: true,
      // Cells that were emptied, or formatted alone, are written as separators.
      skip_records_with_empty_values: true,
      relax_column_count_less: true,
      relax_quotes: relaxesQuotes(text),
      info: true,
      raw: true,
      max_record_size: rowBytes,
    });
    await pipeline(after(head, chunks), parser, async (records: AsyncIterable<CsvRecord>) => {
      for await (const { record, raw, info } of records) {
        const place = `${file}:${info.lines}`;
        if (Object.values(record).some((value) => isHalfQuoted(value, raw))) throw misquoted(place);
        rows.push({ place, fields: columns.fieldsOf(record, rows.length, place) });
      }
    });
    return rows;
  } catch (error) {
    throw error instanceof UsageError ? error : notCsv(error, file, rowBytes);
  }
}

function misquoted(place: string): UsageError {
  return new UsageError(`${place}: not valid CSV: a text begins with a quote that does not enclose it.${quotesRemedy}`);
}

function notCsv(error: unknown, file: string, rowBytes: number): UsageError {
  const line = error instanceof CsvError && typeof error['lines'] === 'number' ? `:${error['lines']}` : '';
  if (error instanceof CsvError && error.code === 'CSV_MAX_RECORD_SIZE') return tooLong(`${file}${line}`, rowBytes);
  const remedy = (error instanceof CsvError && remedies[error.code]) || '';
  return new UsageError(`${file}${line}: not valid CSV: ${messageOf(error)}.${remedy}`, error);
}

const remedies: Readonly<Record<string, string>> = {
  CSV_RECORD_INCONSISTENT_COLUMNS: ' A text with the separator in it has to stand in double quotes.',
  INVALID_OPENING_QUOTE: quotesRemedy,
  CSV_INVALID_CLOSING_QUOTE: quotesRemedy,
  CSV_QUOTE_NOT_CLOSED: quotesRemedy,
};
