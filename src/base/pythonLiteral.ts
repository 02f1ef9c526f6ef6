/** Lists, tuples and dicts as Python prints them: `['a', None]` in a cell of a table that pandas wrote. */
import type { JsonValue } from './json.ts';

/** A string without a prefix, a mark, a constant or a number; what else Python prints is none of JSON's values. */
const token = /\s*(?:('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")|([[\](){},:])|(True|False|None)\b|(-?\d[\d.eE+-]*))\s*/y;

const constants: Readonly<Record<string, string>> = { True: 'true', False: 'false', None: 'null' };
const marks: Readonly<Record<string, string>> = { '(': '[', ')': ']' };

/** What a list or dict of Python's says, tuples as lists; `undefined` where the text is none, or JSON could not say it. */
export function pythonLiteral(text: string): JsonValue | undefined {
  if (!/^\s*[[({]/.test(text)) return undefined;
  const json: string[] = [];
  for (let at = 0; at < text.length;) {
    token.lastIndex = at;
    const found = token.exec(text);
    if (found === null) return undefined;
    const [, string, mark, constant, number] = found;
    if (mark !== undefined) {
      if (/[\])}]/.test(mark) && json.at(-1) === ',') json.pop();
      json.push(marks[mark] ?? mark);
    } else json.push(string === undefined ? (number ?? constants[constant!]!) : asJson(string));
    at = token.lastIndex;
  }
  try {
    return JSON.parse(json.join('')) as JsonValue;
  } catch {
    return undefined;
  }
}

/** Python's quotes and escapes as JSON has them. */
function asJson(string: string): string {
  const within = string.slice(1, -1).replaceAll(/\\x([0-9a-fA-F]{2})|\\(.)|(")/g, (_, hex, escaped, quote) => {
    if (hex !== undefined) return `\\u00${hex as string}`;
    if (quote !== undefined) return '\\"';
    return escaped === "'" ? "'" : `\\${escaped as string}`;
  });
  return `"${within.replaceAll('\t', '\\t')}"`;
}
