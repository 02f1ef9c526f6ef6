/** JSON that says values exactly (base/exact.ts), as the values that a TypeScript program works with. */
import { UsageError } from '../../base/errors.ts';
import { isExact, shownValue } from '../../base/exact.ts';
import type { ExactValue } from '../../base/exact.ts';
import type { Fields, JsonValue } from '../../base/json.ts';
import type { FieldType } from '../../data/program.ts';
import { floatFrom } from '../../base/pythonNumber.ts';

/**
 * A copy of the value with a bigint for each integer that no number holds, a number for each float, a `Date`, `Map` or
 * `Set` where a program made one. What only Python has comes as people see it.
 */
export function fromJson(value: JsonValue): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(fromJson);
  if (isExact(value)) return fromExact(value);
  return mapped(value as Fields, fromJson);
}

/** The same of each field. */
export function fieldsFromJson(fields: Fields): Readonly<Record<string, unknown>> {
  return mapped(fields, fromJson);
}

/**
 * The same where the field's type is known: where it says bigint, each integer is one.
 *
 * @param place what people call the value, for messages.
 * @throws UsageError for an integer that the type says is a number, and no number holds.
 */
export function fromJsonAs(type: FieldType, value: JsonValue, place: string): unknown {
  switch (type.kind) {
    case 'bigint':
      return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : fromJson(value);
    case 'int':
    case 'float':
      return isExact(value) && value.$exact === 'int' ? smallInteger(value, place) : fromJson(value);
    case 'list':
      return Array.isArray(value)
        ? value.map((item: JsonValue, i) => fromJsonAs(type.items, item, `${place}[${i}]`))
        : fromJson(value);
    case 'dict':
      return value === null || typeof value !== 'object' || Array.isArray(value) || isExact(value)
        ? fromJson(value)
        : mapped(value as Fields, (item, key) => fromJsonAs(type.values, item, `${place}.${key}`));
    case 'optional':
      return value === null ? null : fromJsonAs(type.of, value, place);
    default:
      return fromJson(value);
  }
}

/** Of a bigint that a program made, where a signature says number. */
function smallInteger(exact: ExactValue, place: string): number {
  const number = Number(exact.value);
  if (Number.isSafeInteger(number)) return number;
  throw tooLarge(exact, place);
}

function tooLarge({ value }: ExactValue, place: string): UsageError {
  return new UsageError(
    `${place} is ${String(value)}, which does not fit a JavaScript number. Say bigint for it in the signature ` +
      '("id: bigint", or z.bigint()), or write it as a text.',
  );
}

function fromExact(exact: ExactValue): unknown {
  const { $exact: kind, value } = exact;
  if (kind === 'int' && typeof value === 'string' && /^-?\d+$/.test(value)) return BigInt(value);
  if (kind === 'float' && typeof value === 'string') return floatFrom(value);
  if (kind === 'datetime' && typeof value === 'string') return dateFrom(value);
  if (kind === 'set' && Array.isArray(value)) return new Set(value.map(fromJson));
  if (kind === 'dict' && isPairs(value)) return dictFrom(value);
  return shownValue(exact as unknown as JsonValue);
}

function dateFrom(text: string): Date | string {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? text : date;
}

type Pairs = readonly (readonly [JsonValue, JsonValue])[];

function isPairs(value: JsonValue): value is Pairs {
  return Array.isArray(value) && value.every((pair) => Array.isArray(pair) && pair.length === 2);
}

/** A map; an object where it is only written so because one of its keys is called as those of tags are. */
function dictFrom(pairs: Pairs): unknown {
  const entries = pairs.map(([key, item]) => [fromJson(key), fromJson(item)] as const);
  const isObject = pairs.some(([key]) => key === '$exact') && pairs.every(([key]) => typeof key === 'string');
  return isObject ? Object.fromEntries(entries as readonly (readonly [string, unknown])[]) : new Map(entries);
}

function mapped(fields: Fields, make: (value: JsonValue, key: string) => unknown): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, make(value, key)]));
}
