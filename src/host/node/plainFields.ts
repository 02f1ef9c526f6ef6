import type { Fields, JsonValue } from '../../data/json.ts';
import { nestingAtMost } from '../../data/limits.ts';

/**
 * What a program returned, as plain JSON fields: what the memo keeps and the metric sees. `undefined` fields are left
 * out; whatever has `toJSON` (a date) is asked for it.
 *
 * @throws TypeError naming the place in the prediction that is not data.
 */
export function plainFields(value: unknown): Fields {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new TypeError(`The program returned ${nameOf(value)}. It must return an object with the output fields.`);
  }
  const plain = toPlain(value, 'prediction');
  if (plain === null || typeof plain !== 'object' || Array.isArray(plain)) {
    throw new TypeError(`The program returned ${nameOf(plain)}. It must return an object with the output fields.`);
  }
  return plain as Fields;
}

/**
 * `value` as plain JSON; what is `undefined` stays so.
 *
 * @param path what people call it, for messages.
 * @throws TypeError naming the place in it that is not data.
 */
export function toPlain(value: unknown, path: string): JsonValue | undefined {
  return plainWithin(value, path, new Set());
}

function plainWithin(value: unknown, path: string, around: Set<object>): JsonValue | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (Number.isFinite(value)) return value;
      throw new TypeError(`${path} is ${value}, which is no JSON number.`);
    case 'undefined':
      return undefined;
    case 'object':
      return value === null ? null : objectToPlain(value, path, around);
    default:
      throw new TypeError(`${path} is ${nameOf(value)}, which is no data.`);
  }
}

function objectToPlain(value: object, path: string, around: Set<object>): JsonValue | undefined {
  if (around.has(value)) throw new TypeError(`${path} contains itself.`);
  if (around.size >= nestingAtMost) {
    throw new TypeError(`${path.slice(0, 60)}… nests deeper than ${nestingAtMost} levels.`);
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') return plainWithin(value.toJSON(''), path, around);
  if (value instanceof Map || value instanceof Set || value instanceof Promise || ArrayBuffer.isView(value)) {
    throw new TypeError(`${path} is ${nameOf(value)}, which is no JSON data.`);
  }
  around.add(value);
  const plain = Array.isArray(value)
    ? value.map((item, i) => plainWithin(item, `${path}[${i}]`, around) ?? null)
    : entriesToPlain(value, path, around);
  around.delete(value);
  return plain;
}

function entriesToPlain(value: object, path: string, around: Set<object>): JsonValue {
  const plain: Record<string, JsonValue> = {};
  for (const [key, item] of Object.entries(value)) {
    const data = plainWithin(item, `${path}.${key}`, around);
    // A field called __proto__ must become a field, not a prototype.
    if (data !== undefined)
      Object.defineProperty(plain, key, { value: data, enumerable: true, writable: true, configurable: true });
  }
  return plain;
}

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Promise) return 'a promise (is an await missing?)';
  if (typeof value === 'object')
    return `a ${(Object.getPrototypeOf(value) as object | null)?.constructor.name ?? 'object'}`;
  return `a ${typeof value}`;
}
