/** Values in one line, for cells of tables. Pure. */
import { shownValue } from '../base/exact.ts';
import type { Fields, JsonValue } from '../base/json.ts';

const lineLength = 240;

/** The fields in one line: a single one bare, several by name. */
export function preview(fields: Fields): string {
  const entries = Object.entries(fields);
  if (entries.length === 1) return lineText(entries[0]![1]);
  // Long values are cut before they are joined: a row may hold a whole document.
  return cut(entries.map(([name, value]) => `${name}: ${plainText(value).slice(0, 2 * lineLength)}`).join(' · '));
}

/** A value in one line, shortened. */
export function lineText(value: JsonValue): string {
  return cut(plainText(value).slice(0, 2 * lineLength));
}

/** A value as people see it: a text as it is, all else as JSON. */
export function plainText(value: JsonValue): string {
  const shown = shownValue(value);
  return typeof shown === 'string' ? shown : JSON.stringify(shown);
}

function cut(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= lineLength ? line : `${line.slice(0, lineLength - 1)}…`;
}
