/** JSON as Python's `json.dumps` writes it where a number is none: `NaN`, `Infinity`, `-Infinity`. */
import { exactFloat, parseExactJson } from './exactJson.ts';
import type { Fields, JsonValue } from './json.ts';

/** Strings, to be passed over, and what stands between them for a number. */
const token = /"[^"\\]*(?:\\.[^"\\]*)*"|NaN\b|-?Infinity\b/g;

/** What stands for such a number while the text is read; no file holds it. */
const mark = '\0no number: ';

/** What `parseExactJson` gives, with these as floats. Parameters and errors are its own. */
export function parseJsonWithNan(text: string): JsonValue {
  const marked = text.replaceAll(token, (found) =>
    found.startsWith('"') ? found : JSON.stringify(`${mark}${found.toLowerCase().replace('infinity', 'inf')}`),
  );
  try {
    return unmarked(parseExactJson(marked));
  } catch {
    // The fault is another one: it is told by the text as it was written, with the same places.
    return parseExactJson(text.replaceAll(token, (found) => (found.startsWith('"') ? found : sameLength(found))));
  }
}

/** A number that JSON has: `NaN` → `0.0`. */
function sameLength(none: string): string {
  return none.replace('NaN', '0.0').replace('Infinity', '10000000');
}

function unmarked(value: JsonValue): JsonValue {
  if (typeof value === 'string') return value.startsWith(mark) ? exactFloat(value.slice(mark.length)) : value;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((each: JsonValue) => unmarked(each));
  return Object.fromEntries(Object.entries(value as Fields).map(([name, each]) => [name, unmarked(each)]));
}
