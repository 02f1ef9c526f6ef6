import { languageOf } from '../data/language.ts';
import type { Language } from '../data/language.ts';
import { UsageError } from '../base/errors.ts';
import type { Example } from '../data/program.ts';
import { tuningRemedy } from '../data/tuningRows.ts';
import { labelledRow } from './answeredRows.ts';
import { readRows } from './dataRows.ts';
import type { DataLimits, Row } from './dataFile.ts';
import { dataEndingOf } from './dataEndings.ts';
import { suggestion } from './nearest.ts';
import type { ResolvedMetric } from './resolved.ts';

export type { Row } from './dataFile.ts';

export interface Dataset {
  /** Absolute path. */
  readonly file: string;
  /** SHA-256 (hex) of the file's bytes, and of the list's name where one is named. */
  readonly sha256: string;
  readonly examples: readonly Example[];
}

/**
 * The language whose host makes a data set: data that code builds is named `file.py#name` or `file.ts#name`. `null`: it
 * is a file, which may have any name: `rows.py#2.jsonl`.
 */
export function languageOfData(file: string): Language | null {
  const [, code] = /^(.*)#[^#/\\]+$/s.exec(file) ?? [];
  return code === undefined || dataEndingOf(file) !== null ? null : languageOf(code);
}

/** Data that code builds. A program host makes it. */
export function isBuiltInCode(file: string): boolean {
  return languageOfData(file) !== null;
}

/** The file that holds a data set, or the code that builds it. */
export function fileOfData(file: string): string {
  return isBuiltInCode(file) ? file.slice(0, file.lastIndexOf('#')) : (listNamed(file)?.file ?? file);
}

/** Of several lists in an object one is named: `data.json#train`. */
function listNamed(spec: string): { readonly file: string; readonly list: string } | null {
  const [, file, list] = /^(.+\.json(?:\.gz)?)#([^#/\\]+)$/is.exec(spec) ?? [];
  return file === undefined || list === undefined || isBuiltInCode(spec) ? null : { file, list };
}

/**
 * Loads a data set: `.jsonl` (an object a line), `.json` (an array of objects, also as the only list of an object, or
 * an object a line) or `.csv` and `.tsv` (first line names the columns; every value is a string), each also packed as
 * `.gz`. Lines and records are read one by one, so that the file may be of any size.
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
  limits: DataLimits = {},
): Promise<Dataset> {
  const { rows, sha256 } = await readRows(fileOfData(file), { ...limits, list: listNamed(file)?.list });
  const known = { inputs, label: labelOf(metric) };
  const labelled = rows.map((row) => labelledRow(row, known));
  return datasetOf(file, labelled, sha256, inputs, metric);
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
  const label = labelOf(metric);
  return { file, sha256, examples: rows.map((row, id) => toExample(file, row, id, inputs, label)) };
}

const labelOf = (metric: ResolvedMetric): string | null => (metric.kind === 'builtin' ? metric.field : null);

function toExample(
  file: string,
  row: Row,
  id: number,
  inputs: readonly string[] | null,
  label: string | null,
): Example {
  const has = Object.keys(row.fields);
  const missing = (field: string, whose: string): UsageError => {
    const isOther = ![...(inputs ?? []), label].some((name) => name !== null && has.includes(name));
    const remedy =
      (isOther && tuningRemedy(row.fields, inputs?.[0] ?? 'question', label ?? 'answer')) || suggestion(field, has);
    return new UsageError(`${row.place}: the row has no field "${field}", which is ${whose}.${remedy}`);
  };
  if (label !== null && !Object.hasOwn(row.fields, label)) throw missing(label, 'what the metric compares');
  const names = inputs ?? row.inputs ?? has.filter((field) => field !== label);
  if (names.length === 0)
    throw new UsageError(`${row.place}: the row of ${file} has no field to call the program with.`);
  for (const name of names) {
    if (!Object.hasOwn(row.fields, name)) throw missing(name, inputs === null ? 'an input' : 'one of "inputs"');
  }
  return { id, inputs: Object.fromEntries(names.map((name) => [name, row.fields[name]!])), fields: row.fields };
}
