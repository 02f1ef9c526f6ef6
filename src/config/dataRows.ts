/** The rows of a data file, read in pieces: neither the file nor its text has to fit into memory as a whole. */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { basename, extname } from 'node:path';
import { UsageError, messageOf } from '../base/errors.ts';
import { isExact } from '../base/exact.ts';
import { fieldsRead, NumberRangeError, parseExactJson } from '../base/exactJson.ts';
import { quotedNames } from '../base/quotedNames.ts';
import { parseJsonWithNan } from '../base/jsonWithNan.ts';
import type { Fields, JsonValue } from '../base/json.ts';
import { columnsAtMost, nestingAtMost, rowBytesAtMost } from '../base/limits.ts';
import { LineSplitter } from '../base/lines.ts';
import type { Line } from '../base/lines.ts';
import { isNestedDeeper, nestsDeeper } from '../base/nesting.ts';
import { codeOfRows, pythonPath } from '../data/codeOfRows.ts';
import { dataEndingOf } from './dataEndings.ts';
import { csvRows } from './csvRows.ts';
import { chunksOf, tooDeep, tooLong, tooWide, whole } from './dataFile.ts';
import type { DataLimits, DataOptions, Row } from './dataFile.ts';
import { withoutIndex } from './pandasIndex.ts';
import { parquetRows } from './parquetRows.ts';
import { notUtf8, textOf } from './utf8.ts';
import { unpackedName } from './utf8Chunks.ts';

export interface FileRows {
  readonly rows: readonly Row[];
  /** SHA-256 (hex) of the file's bytes, and of the list's name where one is named. */
  readonly sha256: string;
}

const byteOrderMark = /^\uFEFF/;

/** @throws UsageError naming file and line. */
export async function readRows(file: string, options: DataOptions): Promise<FileRows> {
  const hash = createHash('sha256');
  const rows = withoutIndex(await rowsOf(file, options, hash));
  if (options.list !== undefined) hash.update(`#${options.list}`);
  return { rows, sha256: hash.digest('hex') };
}

async function rowsOf(file: string, limits: DataOptions, hash: Hash): Promise<readonly Row[]> {
  switch (dataEndingOf(file)) {
    case 'jsonl':
    case 'ndjson':
      return jsonLines(file, chunksOf(file, limits, hash), limits);
    case 'json':
      return jsonArray(file, limits, hash);
    case 'csv':
    case 'tsv':
      return csvRows(file, limits, hash);
    case 'parquet':
      return parquetRows(file, limits, hash);
    case null:
      throw notData(file);
  }
}

function notData(file: string): UsageError {
  const kind = extname(unpackedName(file)).toLowerCase();
  if (/^\.(?:py|[cm]?[jt]s|tsx)$/.test(kind)) {
    return new UsageError(`${file} is code. Say which name in it has the rows: ${file}#train.`);
  }
  return new UsageError(
    `${file} is not a data file that can be read: .jsonl, .json, .csv, .tsv or .parquet. ${otherwise(kind, file)}`,
  );
}

/** What reads files of other kinds into a data frame, by their endings. */
const frames: Readonly<Record<string, string>> = {
  '.feather': 'read_feather',
  '.xlsx': 'read_excel',
  '.xls': 'read_excel',
  '.ods': 'read_excel',
  '.pkl': 'read_pickle',
  '.pickle': 'read_pickle',
};

function otherwise(kind: string, file: string): string {
  if (['.bz2', '.xz', '.zst', '.zip'].includes(kind)) {
    return `Unpack it, and name what was in it: ${basename(file, extname(file))}.`;
  }
  const path = pythonPath(file);
  if (kind === '.arrow') return `Code reads it, with datasets: ${codeOfRows(`datasets.Dataset.from_file(${path})`)}`;
  const frame = frames[kind];
  return frame === undefined
    ? 'Others are read by code that makes the rows: "file.py#name", a function that returns a list of dicts or dspy.Examples.'
    : `Code reads it, with pandas: ${codeOfRows(`pandas.${frame}(${path})`)}`;
}

async function jsonLines(
  file: string,
  chunks: AsyncIterable<Buffer> | readonly Buffer[],
  { rowBytes = rowBytesAtMost }: DataLimits,
): Promise<readonly Row[]> {
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
    const value = valueOf(line, place, lineRemedy(line, number));
    if (number === 1 && Array.isArray(value) && value.some((each) => each !== null && typeof each === 'object')) {
      throw new UsageError(
        `${place}: this is a list of rows. A .jsonl has an object on each line; name the file .json.`,
      );
    }
    rows.push({ place, fields: asRow(value, place) });
  };
  for await (const chunk of chunks) {
    for (const line of splitter.split(chunk)) take(line);
    if (splitter.isTooLong) throw tooLong(`${file}:${number + 1}`, rowBytes);
  }
  const last = splitter.rest();
  if (last !== null) take(last);
  return rows;
}

async function jsonArray(file: string, limits: DataOptions, hash: Hash): Promise<readonly Row[]> {
  const chunks = await whole(chunksOf(file, limits, hash), file, limits, 'Write it as .jsonl, a row a line.');
  const text = textOf(Buffer.concat(chunks), file);
  if (limits.list === undefined && holdsAnObjectALine(text)) return jsonLines(file, chunks, limits);
  const value = parseJson(text, file, '');
  const list = listIn(value, limits.list);
  if (list === null) throw notRows(value, file, limits.list);
  return list.map((row, i) => {
    const place = `${file}, row ${i + 1}`;
    if (isNestedDeeper(row, nestingAtMost + 1)) throw tooDeep(place);
    return { place, fields: asRow(row, place) };
  });
}

/** A `.json` that is a `.jsonl`. */
export function holdsAnObjectALine(text: string): boolean {
  return /^\s*\{.*\}\s*\n\s*\{/.test(text);
}

/**
 * The rows of the whole value, or of the list in it that is named; of an object with one list of objects, and no other,
 * those of that list.
 */
function listIn(value: JsonValue, named: string | undefined): readonly JsonValue[] | null {
  if (named !== undefined) return listUnder(value, named);
  if (Array.isArray(value)) return value as readonly JsonValue[];
  const lists = value !== null && typeof value === 'object' ? listsOfRows(value as Fields) : [];
  return lists.length === 1 ? lists[0]![1] : null;
}

function listsOfRows(value: Fields): readonly (readonly [string, readonly JsonValue[]])[] {
  return Object.entries(value).flatMap(([name, list]) =>
    Array.isArray(list) && list.every(isObject) ? [[name, list as readonly JsonValue[]] as const] : [],
  );
}

function isObject(value: JsonValue): boolean {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function listUnder(value: JsonValue, name: string): readonly JsonValue[] | null {
  if (value === null || typeof value !== 'object' || !Object.hasOwn(value, name)) return null;
  const list = (value as Fields)[name];
  return Array.isArray(list) ? (list as readonly JsonValue[]) : null;
}

function notRows(value: JsonValue, file: string, named: string | undefined): UsageError {
  const what = named === undefined ? 'an array of rows' : `an array of rows under "${named}"`;
  return new UsageError(`${file} does not hold ${what}.${keysOf(value, file)}`);
}

/** @throws UsageError naming the place, also for rows that nest too deep. */
function valueOf(line: string, place: string, remedy: string): JsonValue {
  // The row is the first level.
  if (nestsDeeper(line, nestingAtMost + 1)) throw tooDeep(place);
  return parseJson(line, place, remedy);
}

/** @param remedy what is to be done where it is not valid */
function parseJson(text: string, place: string, remedy: string): JsonValue {
  try {
    return holdsNoNumber.test(text) ? parseJsonWithNan(text) : parseExactJson(text);
  } catch (error) {
    if (error instanceof NumberRangeError) throw outOfRange(error, text, place);
    throw new UsageError(`${place}: not valid JSON: ${messageOf(error)}.${remedy}`, error);
  }
}

function outOfRange({ number, message }: NumberRangeError, text: string, place: string): UsageError {
  const before = text.slice(0, text.indexOf(number)).split('\n').length;
  // A .json is read whole; of a .jsonl the place says the line.
  const line = text.includes('\n') ? `, line ${before}` : '';
  return new UsageError(
    `${place}${line}: ${message}. Write it as a text, in quotes, or make the rows in code ("file.py#name").`,
  );
}

/** Perhaps what `json.dumps` of Python writes for a missing value; what looks so in a string costs time and nothing else. */
const holdsNoNumber = /[:,[]\s*(?:NaN|-?Infinity)\b/;

/** Of a line that is more or less than an object. */
function lineRemedy(line: string, number: number): string {
  if (/\}\s*,\s*$/.test(line)) return ' Remove the comma at the end of each line: a .jsonl has none.';
  // One value over several lines.
  return number === 1 && /^\s*[[{]/.test(line)
    ? ' A .jsonl has a whole object on each line; a list over several lines is a .json.'
    : '';
}

/** Data sets are often kept with something about them: `{"version": 1, "data": […]}`. */
function keysOf(value: JsonValue, file: string): string {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return '';
  const values = Object.values(value);
  if (values.length > 0 && values.every(isObject)) {
    return (
      ' It is an object of objects: write a list of rows (pandas: to_json(…, orient="records")), or make the rows in ' +
      'code ("file.py#name").'
    );
  }
  // What describes the columns is a list of objects too, and a shorter one.
  const lists = listsOfRows(value as Fields).toSorted(([, a], [, b]) => b.length - a.length);
  if (lists.length === 0) return ' It has no list of objects in it: make the rows in code ("file.py#name").';
  const names = quotedNames(lists.map(([name]) => name));
  return (
    ` It is an object with ${names}. A list of rows in it is named as "${basename(file)}#${lists[0]![0]}"; otherwise make ` +
    'the rows in code ("file.py#name").'
  );
}

function asRow(value: JsonValue, place: string): Fields {
  if (value === null || typeof value !== 'object' || Array.isArray(value) || isNumber(value)) {
    throw new UsageError(`${place}: a row has to be an object with named fields, and this is ${kindOf(value)}.`);
  }
  const fields = Object.keys(value).length;
  if (fields > columnsAtMost) throw tooWide(place, fields);
  return fieldsRead(value as Fields);
}

/** One that is written with a tag: other objects that were read look like it as dicts alone. */
function isNumber(value: JsonValue): boolean {
  return isExact(value) && value.$exact !== 'dict';
}

function kindOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return isNumber(value) ? 'a number' : `a ${typeof value}`;
}
