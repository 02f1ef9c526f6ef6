/**
 * Values that JSON cannot say exactly, as JSON says them with a tag: `{"$exact": kind, "value": …, "shown": …}`. Dates,
 * tuples, integers beyond 2^53, and 2.0 beside 2: what a JavaScript number would make of it, a program in Python would
 * get otherwise. Here such values are only carried, and looked at without their tags; the Python host writes and reads
 * them (python/host/bettertogether_host/exact.py).
 */
import type { Fields, JsonValue } from './json.ts';

const tag = '$exact';

export interface ExactValue {
  readonly $exact: string;
  readonly value: JsonValue;
  /** What people see of it, where that is not `value`. */
  readonly shown?: JsonValue;
  /** Why DSPy would not save it. */
  readonly unsaved?: string;
}

/** Of a row that Python code made: the data set, the field and the row's content hash. */
export const rowKind = 'row';

const kinds: ReadonlySet<string> = new Set([
  ...['int', 'float', 'date', 'datetime', 'time', 'timedelta', 'timestamp', 'decimal', 'fraction', 'complex', 'uuid'],
  ...['bytes', 'path', 'posixpath', 'windowspath', 'tuple', 'set', 'frozenset', 'dict', 'numpy', 'example', 'object'],
  rowKind,
]);

/** Whether a value is a tagged one, and not data of the user's that looks a little like it. */
export function isExact(value: unknown): value is ExactValue {
  if (value === null || typeof value !== 'object' || !Object.hasOwn(value, tag)) return false;
  const { $exact: kind } = value as { readonly $exact: unknown };
  if (typeof kind !== 'string' || !kinds.has(kind) || !Object.hasOwn(value, 'value')) return false;
  return Object.keys(value).every((key) => key === tag || key === 'value' || key === 'shown' || key === 'unsaved');
}

/** The value as people see it: JSON without tags. What holds none comes back as it is. */
export function shownValue(value: JsonValue): JsonValue {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return shownList(value);
  if (isExact(value)) return shownExact(value);
  return shownFields(value as Fields);
}

/** Fields as people see them. */
export function shownFields(fields: Fields): Fields {
  const entries = Object.entries(fields);
  const shown = entries.map(([name, value]) => [name, shownValue(value)] as const);
  return shown.every(([, value], i) => value === entries[i]![1]) ? fields : Object.fromEntries(shown);
}

function shownList(values: readonly JsonValue[]): readonly JsonValue[] {
  const shown = values.map(shownValue);
  return shown.every((value, i) => value === values[i]) ? values : shown;
}

function shownExact({ $exact: kind, value, shown }: ExactValue): JsonValue {
  if (shown !== undefined) return shownValue(shown);
  if (kind !== 'float' || typeof value !== 'string') return shownValue(value);
  const number = Number(value);
  return Number.isFinite(number) ? number : value;
}

/**
 * `value` as indented JSON in which numbers are what they were: `2.0` beside `2`, and integers of any size. Other tagged
 * values are written as people see them.
 */
export function exactText(value: JsonValue, inner = '\n'): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isExact(value)) return numberText(value) ?? exactText(shownValue(value), inner);
  const deeper = `${inner}  `;
  const [open, close, parts] = Array.isArray(value)
    ? ['[', ']', value.map((item: JsonValue) => exactText(item, deeper))]
    : ['{', '}', Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${exactText(item, deeper)}`)];
  return parts.length === 0 ? open + close : open + deeper + parts.join(`,${deeper}`) + inner + close;
}

function numberText({ $exact: kind, value }: ExactValue): string | null {
  if (typeof value !== 'string' || !/^-?\d+(?:\.\d+)?(?:e[+-]\d+)?$/.test(value)) return null;
  return kind === 'float' || kind === 'int' ? value : null;
}
