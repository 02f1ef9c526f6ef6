/** Text as Python prints it: prompts must equal DSPy's byte for byte. */
import type { JsonValue } from '../data/json.ts';
import type { FieldType } from '../data/program.ts';

/** `str(x)` of a Python int (`asFloat` false and x integral) or float: `3.0`, `1e-07`, `1e+16`. */
export function pythonNumber(x: number, asFloat: boolean): string {
  if (Number.isNaN(x)) return 'nan';
  if (!Number.isFinite(x)) return x > 0 ? 'inf' : '-inf';
  if (Number.isInteger(x) && !asFloat) return BigInt(x).toString();
  const [digits = '', power = '0'] = x.toExponential().split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  if (!Number.isInteger(x)) return x.toFixed(Math.max(0, (digits.split('.')[1] ?? '').length - exponent));
  return `${Object.is(x, -0) ? '-0' : BigInt(x).toString()}.0`;
}

/**
 * `json.dumps(value, ensure_ascii=False)` with Python's separators. JavaScript does not tell 3 from 3.0, so numbers
 * are floats where `type` says so and integers otherwise.
 */
export function pythonJson(value: JsonValue, type?: FieldType, indent?: number): string {
  return dump(value, type, indent, '\n');
}

function dump(value: JsonValue, type: FieldType | undefined, indent: number | undefined, newline: string): string {
  if (typeof value === 'number') return pythonNumber(value, isFloat(type));
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
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
  const entries = Object.entries(value).map(([key, v]) => `${JSON.stringify(key)}: ${dump(v, values, indent, inner)}`);
  return wrap('{', entries, '}');
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
