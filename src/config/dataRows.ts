/** The rows of a data file, read in pieces: neither the file nor its text has to fit into memory as a whole. */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { extname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse as csvParser } from 'csv-parse';
import { UsageError, messageOf } from '../data/errors.ts';
import type { Fields, JsonValue } from '../data/json.ts';
import { columnsAtMost, inMebibytes, nestingAtMost, rowBytesAtMost, wholeDataBytesAtMost } from '../data/limits.ts';
import { LineSplitter } from '../data/lines.ts';
import type { Line } from '../data/lines.ts';
import { isNestedDeeper, nestsDeeper } from '../data/nesting.ts';
import { notUtf8, textOf } from './utf8.ts';

/** A row of a data set before it is known what the program is called with. */
export interface Row {
  /** For people: the file and its line, from 1, or the place in a list. */
  readonly place: string;
  readonly fields: Fields;
  /** The fields that the row's author marked as inputs (`with_inputs` of a `dspy.Example`). */
  readonly inputs?: readonly string[];
}

/** Bytes that are taken; the defaults are those of `data/limits.ts`. */
export interface DataLimits {
  /** Read at a time. */
  readonly chunkBytes?: number;
  readonly rowBytes?: number;
  /** Of a `.json` file, which is read whole. */
  readonly wholeBytes?: number;
}

export interface FileRows {
  readonly rows: readonly Row[];
  /** SHA-256 (hex) of the file's bytes. */
  readonly sha256: string;
}

const byteOrderMark = /^\uFEFF/;

/** @throws UsageError naming file and line. */
export async function readRows(file: string, limits: DataLimits): Promise<FileRows> {
  const hash = createHash('sha256');
  const rows = await rowsOf(file, limits, hash);
  return { rows, sha256: hash.digest('hex') };
}

async function rowsOf(file: string, limits: DataLimits, hash: Hash): Promise<readonly Row[]> {
  const kind = extname(file).toLowerCase();
  if (kind === '.jsonl' || kind === '.ndjson') return jsonLines(file, limits, hash);
  if (kind === '.json') return jsonArray(file, limits, hash);
  if (kind === '.csv') return csvRows(file, limits, hash);
  if (/^\.(?:py|[cm]?[jt]s|tsx)$/.test(kind)) {
    throw new UsageError(`${file} is code. Say which name in it has the rows: ${file}#train.`);
  }
  throw new UsageError(`${file} is not a data file that can be read: .jsonl, .json or .csv.`);
}

/** The file, chunk by chunk, each of which is hashed. */
async function* chunksOf(file: string, { chunkBytes = 2 ** 20 }: DataLimits, hash: Hash): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: chunkBytes })) {
      hash.update(chunk as Buffer);
      yield chunk as Buffer;
    }
  } catch (error) {
    throw new UsageError(`The data file ${file} could not be read: ${messageOf(error)}.`, error);
  }
}

async function jsonLines(file: string, limits: DataLimits, hash: Hash): Promise<readonly Row[]> {
  const { rowBytes = rowBytesAtMost } = limits;
  const splitter = new LineSplitter({ lineBytes: rowBytes });
  const rows: Row[] = [];
  let number = 0;
  const take = ({ bytes }: Line): void => {
    const place = `${file}:${++number}`;
    if (bytes === null) throw tooLong(place, rowBytes);
    if (!isUtf8(bytes)) throw notUtf8(place);
    const text = bytes.toString('utf8');
    const line = number === 1 ? text.replace(byteOrderMark, '') : text;
    if (line.trim() === '') return;
    // The row is the first level.
    if (nestsDeeper(line, nestingAtMost + 1)) throw tooDeep(place);
    rows.push({ place, fields: asRow(parseJson(line, place), place) });
  };
  for await (const chunk of chunksOf(file, limits, hash)) {
    for (const line of splitter.split(chunk)) take(line);
    if (splitter.isTooLong) throw tooLong(`${file}:${number + 1}`, rowBytes);
  }
  const last = splitter.rest();
  if (last !== null) take(last);
  return rows;
}

async function jsonArray(file: string, limits: DataLimits, hash: Hash): Promise<readonly Row[]> {
  const { wholeBytes = wholeDataBytesAtMost } = limits;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(file, limits, hash)) {
    bytes += chunk.length;
    if (bytes > wholeBytes) {
      throw new UsageError(
        `${file} is larger than ${inMebibytes(wholeBytes)}, and a .json file is read whole. Write it as .jsonl, a row a line.`,
      );
    }
    chunks.push(chunk);
  }
  const value = parseJson(textOf(Buffer.concat(chunks), file), file);
  if (!Array.isArray(value)) throw new UsageError(`${file} does not hold an array of rows.`);
  return value.map((row: JsonValue, i) => {
    const place = `${file}, row ${i + 1}`;
    if (isNestedDeeper(row, nestingAtMost + 1)) throw tooDeep(place);
    return { place, fields: asRow(row, place) };
  });
}

interface CsvRecord {
  readonly record: Fields;
  readonly info: { readonly lines: number };
}

async function csvRows(file: string, limits: DataLimits, hash: Hash): Promise<readonly Row[]> {
  const { rowBytes = rowBytesAtMost } = limits;
  const parser = csvParser({
    bom: true,
    columns: (names: string[]) => distinct(names, file),
    skip_empty_lines: true,
    info: true,
    max_record_size: rowBytes,
  });
  const rows: Row[] = [];
  try {
    await pipeline(checkedChunks(file, limits, hash), parser, async (records: AsyncIterable<CsvRecord>) => {
      for await (const { record, info } of records) rows.push({ place: `${file}:${info.lines}`, fields: record });
    });
    return rows;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const line = error instanceof CsvError && typeof error['lines'] === 'number' ? `:${error['lines']}` : '';
    if (error instanceof CsvError && error.code === 'CSV_MAX_RECORD_SIZE') throw tooLong(`${file}${line}`, rowBytes);
    throw new UsageError(`${file}${line}: not valid CSV: ${messageOf(error)}.`, error);
  }
}

/** Chunks whose lines are UTF-8: what is not would be replaced in silence. */
async function* checkedChunks(file: string, limits: DataLimits, hash: Hash): AsyncGenerator<Buffer> {
  const { rowBytes = rowBytesAtMost } = limits;
  const splitter = new LineSplitter({ lineBytes: rowBytes });
  let number = 0;
  const check = ({ bytes }: Line): void => {
    const place = `${file}:${++number}`;
    if (bytes === null) throw tooLong(place, rowBytes);
    if (!isUtf8(bytes)) throw notUtf8(place);
  };
  for await (const chunk of chunksOf(file, limits, hash)) {
    splitter.split(chunk).forEach(check);
    if (splitter.isTooLong) throw tooLong(`${file}:${number + 1}`, rowBytes);
    yield chunk;
  }
  const last = splitter.rest();
  if (last !== null) check(last);
}

/** Of two columns with one name the first would be lost in silence. */
function distinct(names: string[], file: string): string[] {
  if (names.length > columnsAtMost) throw tooWide(`${file}:1`, names.length);
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new UsageError(`${file}:1: two columns are named "${name}". Rename one of them.`);
    seen.add(name);
  }
  return names;
}

function parseJson(text: string, place: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new UsageError(`${place}: not valid JSON: ${messageOf(error)}.`, error);
  }
}

function asRow(value: JsonValue, place: string): Fields {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    const what = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
    throw new UsageError(`${place}: a row has to be an object with named fields, and this is ${what}.`);
  }
  const fields = Object.keys(value).length;
  if (fields > columnsAtMost) throw tooWide(place, fields);
  return value as Fields;
}

function tooLong(place: string, bytes: number): UsageError {
  return new UsageError(`${place}: the row is longer than ${inMebibytes(bytes)}. Is a line break missing?`);
}

function tooDeep(place: string): UsageError {
  return new UsageError(`${place}: the row nests deeper than ${nestingAtMost} levels.`);
}

function tooWide(place: string, fields: number): UsageError {
  return new UsageError(`${place}: a row has ${columnsAtMost} fields at most, and this one has ${fields}.`);
}
