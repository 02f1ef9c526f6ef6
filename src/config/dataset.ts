import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { CsvError, parse as parseCsv } from 'csv-parse/sync';
import { UsageError, messageOf } from '../data/errors.ts';
import type { Fields, JsonValue } from '../data/json.ts';
import type { Example } from '../data/program.ts';
import { suggestion } from './nearest.ts';
import type { ResolvedMetric } from './resolved.ts';
import { textOf } from './utf8.ts';

export interface Dataset {
  /** Absolute path. */
  readonly file: string;
  /** SHA-256 (hex) of the file's bytes. */
  readonly sha256: string;
  readonly examples: readonly Example[];
}

/** A row of a data set before it is known what the program is called with. */
export interface Row {
  /** For people: the file and its line, from 1, or the place in a list. */
  readonly place: string;
  readonly fields: Fields;
  /** The fields that the row's author marked as inputs (`with_inputs` of a `dspy.Example`). */
  readonly inputs?: readonly string[];
}

/** Data that code builds: `file.py#name` or `file.ts#name`. A program host makes it. */
export function isBuiltInCode(file: string): boolean {
  return isBuiltInPython(file) || isNameIn(/\.(?:[cm]?[jt]s|tsx)#[^#/\\]+$/, file);
}

/** Data that Python code builds. */
export function isBuiltInPython(file: string): boolean {
  return isNameIn(/\.py#[^#/\\]+$/, file);
}

/** The file that holds a data set, or the code that builds it. */
export function fileOfData(file: string): string {
  return isBuiltInCode(file) ? file.slice(0, file.lastIndexOf('#')) : file;
}

/** A data file may have any name: `rows.py#2.jsonl`. */
function isNameIn(code: RegExp, file: string): boolean {
  return code.test(file) && !/\.(?:jsonl|ndjson|json|csv)$/i.test(file);
}

/**
 * Loads a data set: `.jsonl` (an object a line), `.json` (an array of objects) or `.csv` (first line names the
 * columns; every value is a string).
 *
 * What the program is called with are the fields in `inputs`; where they are not named, all fields of a row but the
 * one the built-in metric compares (`exactMatch:answer`: all but `answer`), and all of them with a metric of code.
 *
 * @throws UsageError naming file and line.
 */
export async function loadDataset(
  file: string,
  inputs: readonly string[] | null,
  metric: ResolvedMetric,
): Promise<Dataset> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new UsageError(`The data file ${file} could not be read: ${messageOf(error)}.`, error);
  });
  const rows = readRows(file, textOf(bytes, file));
  return datasetOf(file, rows, createHash('sha256').update(bytes).digest('hex'), inputs, metric);
}

/**
 * A data set of its rows.
 *
 * @throws UsageError naming file and row.
 */
export function datasetOf(
  file: string,
  rows: readonly Row[],
  sha256: string,
  inputs: readonly string[] | null,
  metric: ResolvedMetric,
): Dataset {
  if (rows.length === 0) throw new UsageError(`${file} has no rows.`);
  const label = metric.kind === 'builtin' ? metric.field : null;
  return { file, sha256, examples: rows.map((row, id) => toExample(file, row, id, inputs, label)) };
}

function readRows(file: string, text: string): Row[] {
  const kind = extname(file).toLowerCase();
  if (kind === '.jsonl' || kind === '.ndjson') return jsonLines(file, text);
  if (kind === '.json') return jsonArray(file, text);
  if (kind === '.csv') return csvRows(file, text);
  if (/^\.(?:py|[cm]?[jt]s|tsx)$/.test(kind)) {
    throw new UsageError(`${file} is code. Say which name in it has the rows: ${file}#train.`);
  }
  throw new UsageError(`${file} is not a data file that can be read: .jsonl, .json or .csv.`);
}

function jsonLines(file: string, text: string): Row[] {
  const rows: Row[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const place = `${file}:${i + 1}`;
    rows.push({ place, fields: asObject(parseJson(line, place), place) });
  }
  return rows;
}

function jsonArray(file: string, text: string): Row[] {
  const value = parseJson(text, file);
  if (!Array.isArray(value)) throw new UsageError(`${file} does not hold an array of rows.`);
  return value.map((row: JsonValue, i) => {
    const place = `${file}, row ${i + 1}`;
    return { place, fields: asObject(row, place) };
  });
}

function csvRows(file: string, text: string): Row[] {
  try {
    const records = parseCsv(text, {
      columns: (names: string[]) => distinct(names, file),
      skip_empty_lines: true,
      info: true,
    }) as unknown as {
      readonly record: Fields;
      readonly info: { readonly lines: number };
    }[];
    return records.map(({ record, info }) => ({ place: `${file}:${info.lines}`, fields: record }));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const line = error instanceof CsvError && typeof error['lines'] === 'number' ? `:${error['lines']}` : '';
    throw new UsageError(`${file}${line}: not valid CSV: ${messageOf(error)}.`, error);
  }
}

/** Of two columns with one name the first would be lost in silence. */
function distinct(names: string[], file: string): string[] {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return names;
  throw new UsageError(`${file}:1: two columns are named "${twice}". Rename one of them.`);
}

function parseJson(text: string, place: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new UsageError(`${place}: not valid JSON: ${messageOf(error)}.`, error);
  }
}

function asObject(value: JsonValue, place: string): Fields {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Fields;
  const what = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
  throw new UsageError(`${place}: a row has to be an object with named fields, and this is ${what}.`);
}

function toExample(
  file: string,
  row: Row,
  id: number,
  inputs: readonly string[] | null,
  label: string | null,
): Example {
  const has = Object.keys(row.fields);
  const missing = (field: string, whose: string): UsageError =>
    new UsageError(`${row.place}: the row has no field "${field}", which is ${whose}.${suggestion(field, has)}`);
  if (label !== null && !Object.hasOwn(row.fields, label)) throw missing(label, 'what the metric compares');
  const names = inputs ?? row.inputs ?? has.filter((field) => field !== label);
  if (names.length === 0)
    throw new UsageError(`${row.place}: the row of ${file} has no field to call the program with.`);
  for (const name of names) {
    if (!Object.hasOwn(row.fields, name)) throw missing(name, inputs === null ? 'an input' : 'one of "inputs"');
  }
  return { id, inputs: Object.fromEntries(names.map((name) => [name, row.fields[name]!])), fields: row.fields };
}
