/** Values of a TypeScript program as JSON that says them exactly (base/exact.ts). */
import { plainObject } from '../../base/exactJson.ts';
import { shownValue } from '../../base/exact.ts';
import type { ExactValue } from '../../base/exact.ts';
import type { JsonValue } from '../../base/json.ts';
import { nestingAtMost } from '../../base/limits.ts';
import { pythonNumber } from '../../base/pythonNumber.ts';

export interface ToJsonOptions {
  /** What to do with a function or a symbol within an object: an error (the default), or as `JSON.stringify` does. */
  readonly functions?: 'refused' | 'left out';
}

/**
 * `value` as JSON; what is `undefined` stays so. Bigints, dates, maps, sets and numbers that JSON does not know become
 * tagged values; whatever else has `toJSON` is asked for it.
 *
 * @param path what people call it, for messages.
 * @throws TypeError naming the place in it that is not data.
 */
export function toJson(value: unknown, path: string, options: ToJsonOptions = {}): JsonValue | undefined {
  return within(value, { path, around: new Set(), options });
}

/** A small one too is no number to `===`; people see it as one. */
function bigintToJson(value: bigint): JsonValue {
  const exact = tagged('int', value.toString());
  return Number.isSafeInteger(Number(value)) ? { ...exact, shown: Number(value) } : exact;
}

/** An integer that an LM wrote, as JSON. */
export function integerToJson(value: bigint): JsonValue {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : tagged('int', value.toString());
}

interface Place {
  readonly path: string;
  readonly around: Set<object>;
  readonly options: ToJsonOptions;
}

function within(value: unknown, place: Place): JsonValue | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : tagged('float', pythonNumber(value, true));
    case 'bigint':
      return bigintToJson(value);
    case 'undefined':
      return undefined;
    case 'object':
      return value === null ? null : objectToJson(value, place);
    default:
      if (place.options.functions === 'left out') return undefined;
      throw new TypeError(`${place.path} is ${nameOf(value)}, which is no data.`);
  }
}

function objectToJson(value: object, place: Place): JsonValue | undefined {
  const { path, around } = place;
  if (around.has(value)) throw new TypeError(`${path} contains itself.`);
  if (around.size >= nestingAtMost) {
    throw new TypeError(`${path.slice(0, 60)}… nests deeper than ${nestingAtMost} levels.`);
  }
  if (value instanceof Date) return dateToJson(value);
  if ('toJSON' in value && typeof value.toJSON === 'function') return within(value.toJSON(''), place);
  if (value instanceof Promise || ArrayBuffer.isView(value)) {
    throw new TypeError(`${path} is ${nameOf(value)}, which is no JSON data.`);
  }
  around.add(value);
  const json = containerToJson(value, place);
  around.delete(value);
  return json;
}

/** As Python reads it (its `fromisoformat` knew no `Z` before 3.11); people and prompts see what JavaScript writes. */
function dateToJson(value: Date): JsonValue {
  if (Number.isNaN(value.getTime())) return null;
  const shown = value.toISOString();
  return { ...tagged('datetime', shown.replace('Z', '+00:00')), shown };
}

function containerToJson(value: object, place: Place): JsonValue {
  const item = (each: unknown, name: string): JsonValue =>
    within(each, { ...place, path: `${place.path}${name}` }) ?? null;
  if (Array.isArray(value)) return value.map((each, i) => item(each, `[${i}]`));
  if (value instanceof Set)
    return tagged(
      'set',
      [...value].map((each, i) => item(each, `[${i}]`)),
    );
  if (value instanceof Map)
    return mapToJson([...value].map(([key, each], i) => [item(key, `[${i}]`), item(each, `[${i}]`)]));
  const entries = Object.entries(value).map(
    ([key, each]) => [key, within(each, { ...place, path: `${place.path}.${key}` })] as const,
  );
  return plainObject(entries.filter((entry): entry is readonly [string, JsonValue] => entry[1] !== undefined));
}

function mapToJson(pairs: readonly (readonly [JsonValue, JsonValue])[]): JsonValue {
  const shown = Object.fromEntries(pairs.map(([key, each]) => [String(shownValue(key)), shownValue(each)]));
  return { ...tagged('dict', pairs), shown };
}

function tagged(kind: string, value: JsonValue): ExactValue & { readonly [key: string]: JsonValue } {
  return { $exact: kind, value };
}

/** For people: `a list`, `nothing`. */
export function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Promise) return 'a promise (is an await missing?)';
  if (typeof value === 'object')
    return `a ${(Object.getPrototypeOf(value) as object | null)?.constructor.name ?? 'object'}`;
  return `a ${typeof value}`;
}
