/** Text as Python prints it: prompts must equal DSPy's byte for byte. */
import { isExact, shownValue } from '../../base/exact.ts';
import type { ExactValue } from '../../base/exact.ts';
import type { Fields, JsonValue } from '../../base/json.ts';
import type { FieldType } from '../../data/program.ts';
import { floatFrom, pythonNumber } from '../../base/pythonNumber.ts';

/**
 * `json.dumps(value, ensure_ascii=False)` with Python's separators. JavaScript has 3 and 3.0 alike, so numbers
 * are floats where `type` says so and integers otherwise.
 */
export function pythonJson(value: JsonValue, type?: FieldType, indent?: number): string {
  return dump(value, type, indent, '\n');
}

function dump(value: JsonValue, type: FieldType | undefined, indent: number | undefined, newline: string): string {
  if (typeof value === 'number') return pythonNumber(value, isFloat(type));
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isExact(value) && value.$exact !== 'dict') {
    return unheldNumber(value) ?? dump(shownValue(value), type, indent, newline);
  }
  const inner = newline + ' '.repeat(indent ?? 0);
  const wrap = (open: string, parts: readonly string[], close: string): string => {
    if (parts.length === 0) return open + close;
    return indent === undefined
      ? open + parts.join(', ') + close
      : open + inner + parts.join(`,${inner}`) + newline + close;
  };
  if (Array.isArray(value)) {
    const items = itemType(type);
    return wrap(
      '[',
      value.map((item: JsonValue) => dump(item, items, indent, inner)),
      ']',
    );
  }
  const values = valueType(type);
  const entries = entriesOf(value as Fields).map(
    ([key, v]) => `${JSON.stringify(key)}: ${dump(v, values, indent, inner)}`,
  );
  return wrap('{', entries, '}');
}

/** Also of a dict whose keys are no texts, or are called as those of tags are. */
function entriesOf(value: Fields): readonly (readonly [string, JsonValue])[] {
  if (!isExact(value) || !Array.isArray(value.value)) return Object.entries(value);
  const pairs = value.value as readonly (readonly [JsonValue, JsonValue])[];
  return pairs.map(([key, item]) => [String(shownValue(key)), item]);
}

/** A number that JavaScript's JSON does not know: a long integer, `NaN`, `Infinity`. */
function unheldNumber({ $exact: kind, value }: ExactValue): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (kind === 'int') return value;
  const number = kind === 'float' ? floatFrom(value) : 0;
  return Number.isFinite(number) ? undefined : String(number);
}

/** The type inside any number of `Optional[…]`. */
function withoutOptional(type: FieldType | undefined): FieldType | undefined {
  return type?.kind === 'optional' ? withoutOptional(type.of) : type;
}

/** Whether numbers of this type are Python floats. */
export function isFloat(type: FieldType | undefined): boolean {
  return withoutOptional(type)?.kind === 'float';
}

function itemType(type: FieldType | undefined): FieldType | undefined {
  const list = withoutOptional(type);
  return list?.kind === 'list' ? list.items : undefined;
}

function valueType(type: FieldType | undefined): FieldType | undefined {
  const dict = withoutOptional(type);
  return dict?.kind === 'dict' ? dict.values : undefined;
}

/** Where Python's `str.splitlines` breaks. */
const lineBreak = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/;

/** `str.splitlines()`: no empty last line after a final break. */
export function splitLines(text: string): readonly string[] {
  const lines = text.split(lineBreak);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** `inspect.cleandoc`: an author's indented instructions without their common indentation and blank edges. */
export function cleandoc(text: string): string {
  const [first = '', ...rest] = text.replaceAll('\t', ' '.repeat(8)).split('\n');
  const margin = commonIndent(rest);
  const lines = [first.trimStart(), ...rest.map((line) => line.slice(margin))];
  while (lines.length > 0 && lines.at(-1) === '') lines.pop();
  while (lines.length > 0 && lines[0] === '') lines.shift();
  return lines.join('\n');
}

/** `textwrap.dedent`, by spaces: white-space-only lines become empty. */
export function dedent(text: string): string {
  const lines = text.split('\n').map((line) => (line.trim() === '' ? '' : line));
  const margin = commonIndent(lines);
  return lines.map((line) => line.slice(margin)).join('\n');
}

function commonIndent(lines: readonly string[]): number {
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length);
  return indents.length === 0 ? 0 : Math.min(...indents);
}

/** A string within `Literal[…]` as DSPy quotes it (adapters/utils.py). */
export function quoteLiteral(text: string): string {
  if (!text.includes("'")) return `'${text}'`;
  return text.includes('"') ? `'${text.replaceAll("'", "\\'")}'` : `"${text}"`;
}
