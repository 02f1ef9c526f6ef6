/** The index of a data frame that pandas wrote to a CSV and read again: a column with a name of pandas' own. */
import type { JsonValue } from '../base/json.ts';
import type { Row } from './dataFile.ts';

const named = /^Unnamed: 0(?:\.\d+)*$/;

/** The rows without such columns: a program would be called with them. Whole numbers that all differ are an index. */
export function withoutIndex(rows: readonly Row[]): readonly Row[] {
  const indexes = Object.keys(rows[0]?.fields ?? {}).filter((name) => named.test(name) && isIndex(rows, name));
  if (indexes.length === 0) return rows;
  return rows.map((row) => {
    const kept = Object.entries(row.fields).filter(([name]) => !indexes.includes(name));
    return { ...row, fields: Object.fromEntries<JsonValue>(kept) };
  });
}

function isIndex(rows: readonly Row[], name: string): boolean {
  const values = rows.map(({ fields }) => String(fields[name]));
  return values.every((value) => /^\d+$/.test(value)) && new Set(values).size === values.length;
}
