/** The LM's text as a value of the field's type (DSPy: adapters/utils.py `parse_value`, pydantic's lax mode). */
import { jsonrepair } from 'jsonrepair';
import { isExact } from '../../base/exact.ts';
import { digitsAtMost, parseExactJson } from '../../base/exactJson.ts';
import type { JsonValue } from '../../base/json.ts';
import { mendedCharactersAtMost, nestingAtMost } from '../../base/limits.ts';
import { nestsDeeper, opensMoreBrackets } from '../../base/nesting.ts';
import type { FieldDescription, FieldType } from '../../data/program.ts';
import { excerpt, ParseError } from './parseError.ts';
import { typeName } from './fieldTypes.ts';
import { integerToJson } from './toJson.ts';
import { pythonString } from './values.ts';

/** Marks a value that is not of the type; never leaves this file. */
const mismatch = Symbol('mismatch');
type Coerced = JsonValue | typeof mismatch;

/**
 * @param value text of the field, or what a JSON answer has in its place.
 * @throws ParseError when it is not, and cannot be read as, a value of the field's type.
 */
export function parseField(field: FieldDescription, value: JsonValue, completion: string): JsonValue {
  if (typeof value === 'string' && isContainer(field.type) && opensMoreBrackets(value)) {
    throw tooDeep(`The field '${field.name}'`, field.name, completion);
  }
  const parsed = parseValue(field.type, value);
  if (parsed !== mismatch) return parsed;
  const shown = typeof value === 'string' ? excerpt(value) : pythonString(value);
  const advice = field.type.kind === 'int' && longInteger.test(shown) ? ` ${noNumber}` : '';
  throw new ParseError(`The field '${field.name}' is not a ${typeName(field.type)}: ${shown}${advice}`, {
    field: field.name,
    completion,
  });
}

const longInteger = /^"?[+-]?\d{16,}"?$/;
const noNumber = '(a JavaScript number does not hold it: say bigint in the signature)';

/** For a text that nests so deep that it cannot be an answer. */
export function tooDeep(what: string, field: string, completion: string): ParseError {
  return new ParseError(`${what} nests deeper than ${nestingAtMost} levels: ${excerpt(completion)}`, {
    field,
    completion,
  });
}

/** Whether an answer may leave the field out. */
export function mayBeMissing(type: FieldType): boolean {
  return type.kind === 'optional';
}

function parseValue(type: FieldType, value: JsonValue): Coerced {
  if (type.kind === 'string') return pythonString(value);
  if (typeof value !== 'string') return coerce(type, value);
  if (type.kind === 'json' && type.schema['type'] === 'string') return textOf(value, type.schema['enum']);
  if (type.kind === 'literal') {
    const stripped = literalText(value);
    return [value, stripped].find((text) => type.values.includes(text)) ?? coerce(type, repaired(type, stripped));
  }
  // DSPy leaves the text of `Optional[str]` alone: 'None' stays a string.
  if (type.kind === 'optional' && type.of.kind === 'string') return value;
  return coerce(type, repaired(type, value));
}

/** Of what is a string in JSON: quotes around it, as JSON has them, are none of it, nor what is around one of an enum. */
function textOf(value: string, allowed: JsonValue | undefined): string {
  if (Array.isArray(allowed)) {
    const named = [value, literalText(value)].find((text) => allowed.includes(text));
    if (named !== undefined) return named;
  }
  const read = jsonIn(value);
  return typeof read === 'string' ? read : value;
}

function literalText(text: string): string {
  let stripped = text.trim();
  if (/^(Literal|str)\[.*\]$/s.test(stripped)) stripped = stripped.slice(stripped.indexOf('[') + 1, -1);
  return /^(["']).*\1$/s.test(stripped) && stripped.length > 1 ? stripped.slice(1, -1) : stripped;
}

/** The JSON value in a text, with the mistakes LMs make put right; the text itself where there is none. */
function repaired(type: FieldType, text: string): JsonValue {
  const direct = repairJson(text);
  if (direct !== undefined && (typeof direct !== 'string' || !isContainer(type))) return direct;
  const inside = isContainer(type) ? bracketed(text) : null;
  const found = inside === null ? undefined : repairJson(inside);
  return found === undefined ? (direct ?? text) : found;
}

/** From the first bracket that opens to the last that closes. */
function bracketed(text: string): string | null {
  const start = text.search(/[[{]/);
  const end = Math.max(text.lastIndexOf(']'), text.lastIndexOf('}'));
  return start < 0 || end < start ? null : text.slice(start, end + 1);
}

function isContainer(type: FieldType): boolean {
  return type.kind === 'optional' ? isContainer(type.of) : ['list', 'dict', 'json', 'any'].includes(type.kind);
}

/** Parsed JSON, repaired where needed; `undefined` where nothing can be made of it, or it is too deep or too long for that. */
export function repairJson(text: string): JsonValue | undefined {
  const direct = jsonIn(text);
  if (direct !== undefined || text.length > mendedCharactersAtMost || opensMoreBrackets(text)) return direct;
  try {
    return jsonIn(jsonrepair(text));
  } catch {
    return undefined;
  }
}

function jsonIn(text: string): JsonValue | undefined {
  if (nestsDeeper(text)) return undefined;
  try {
    return parseExactJson(text, { floats: 'numbers' });
  } catch {
    return undefined;
  }
}

function coerce(type: FieldType, value: JsonValue): Coerced {
  switch (type.kind) {
    case 'string':
      return typeof value === 'string' ? value : mismatch;
    case 'int':
      return smallInteger(integer(value));
    case 'bigint':
      return integer(value);
    case 'float':
      return number(value);
    case 'boolean':
      return boolean(value);
    case 'literal':
      return type.values.find((allowed) => isSame(allowed, value)) ?? mismatch;
    case 'list':
      return Array.isArray(value) ? every(value.map((item: JsonValue) => coerce(type.items, item))) : mismatch;
    case 'dict':
      return dict(type.values, value);
    case 'optional':
      return value === null ? null : coerce(type.of, value);
    case 'any':
    case 'json':
      return value;
  }
}

/** As Python compares: True is 1 and False is 0. */
function isSame(allowed: string | number | boolean, value: JsonValue): boolean {
  return allowed === value || (typeof value === 'boolean' && allowed === Number(value));
}

function number(value: JsonValue): number | typeof mismatch {
  // `1e999` is JSON and more than a number holds.
  if (typeof value === 'number') return Number.isFinite(value) ? value : mismatch;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (isExact(value) && value.$exact === 'int') return number(value.value);
  if (typeof value !== 'string' || !/^\s*[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?\s*$/i.test(value)) return mismatch;
  const read = Number(value);
  return Number.isFinite(read) ? read : mismatch;
}

/** Of as many digits as are read anywhere. */
function integer(value: JsonValue): Coerced {
  if (isExact(value)) return value.$exact === 'int' ? value : mismatch;
  if (typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value)) return integerIn(value.trim().replace('+', ''));
  const read = number(value);
  return Number.isInteger(read) ? read : mismatch;
}

function integerIn(text: string): Coerced {
  return text.length > digitsAtMost ? mismatch : integerToJson(BigInt(text));
}

/** One that a number holds. */
function smallInteger(value: Coerced): Coerced {
  return typeof value === 'number' ? value : mismatch;
}

/** The strings pydantic takes for booleans. */
const truths: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(['1', 'on', 't', 'true', 'y', 'yes'].map((word) => [word, true])),
  ...Object.fromEntries(['0', 'off', 'f', 'false', 'n', 'no'].map((word) => [word, false])),
};

function boolean(value: JsonValue): boolean | typeof mismatch {
  if (typeof value === 'boolean') return value;
  const word = String(value).toLowerCase();
  return Object.hasOwn(truths, word) && (typeof value === 'string' || typeof value === 'number')
    ? truths[word]!
    : mismatch;
}

function every(values: readonly Coerced[]): Coerced {
  return values.includes(mismatch) ? mismatch : (values as readonly JsonValue[]);
}

function dict(type: FieldType, value: JsonValue): Coerced {
  if (value === null || typeof value !== 'object' || Array.isArray(value) || isExact(value)) return mismatch;
  const entries = Object.entries(value).map(([key, item]) => [key, coerce(type, item)] as const);
  return entries.some(([, item]) => item === mismatch)
    ? mismatch
    : (Object.fromEntries(entries) as { readonly [key: string]: JsonValue });
}
