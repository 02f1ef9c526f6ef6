/**
 * JSON texts read without loss: as Python reads them, `2.0` is a float and `12345678901234567890` an integer, where a
 * JavaScript number would be 2 and 12345678901234567000. What such a number cannot hold comes as a tagged value (exact.ts).
 */
import { parse } from 'lossless-json';
import { isExact, shownValue } from './exact.ts';
import type { ExactValue } from './exact.ts';
import type { Fields, JsonValue } from './json.ts';
import { pythonNumber } from './pythonNumber.ts';

/** A number that no float holds, or with more digits than Python takes. */
export class NumberRangeError extends RangeError {
  override readonly name = 'NumberRangeError';
  readonly number: string;

  constructor(number: string, why: string) {
    super(`the number ${number.length > 40 ? `${number.slice(0, 40)}…` : number} ${why}`);
    this.number = number;
  }
}

/** Digits of an integer: Python reads and prints no more (`sys.int_info.default_max_str_digits`). */
export const digitsAtMost = 4300;

/**
 * An integer of 16 digits and more, an exponent, or a float that is perhaps integral. What looks so within a string costs
 * time and nothing else.
 */
const mayLose = /(?:^|[[,:])\s*-?(?:\d{16}|\d{9,}\.|\d+\.(?:0+(?!\d)|0{8}|9{8})|\d+(?:\.\d+)?[eE])/;

/** The key that tags have, in whatever way it is spelled. */
const mayLookTagged = /\$exact|\\u00(?:24|65|78|61|63|74)/i;

/** Whether one of the values may be another than the text says: only integral numbers can, and few texts hold one. */
function mayDiffer(text: string, value: JsonValue): boolean {
  return holdsIntegral(value) && mayLose.test(text);
}

function holdsIntegral(value: JsonValue): boolean {
  if (typeof value === 'number') return !Number.isFinite(value) || Number.isInteger(value);
  if (value === null || typeof value !== 'object') return false;
  return Array.isArray(value) ? value.some(holdsIntegral) : Object.values(value as Fields).some(holdsIntegral);
}

function holdsKeyOfTags(text: string): boolean {
  return (text.includes('$exact') || text.includes('\\u00')) && mayLookTagged.test(text);
}

export interface ExactReading {
  /** `kept`: an integral float stays one. `numbers`: for a program in JavaScript, which has no others. */
  readonly floats?: 'kept' | 'numbers';
  /** `data`: what looks like a tag is the user's own data. `tags`: in a record of ours it is one. */
  readonly objects?: 'data' | 'tags';
}

/** @throws SyntaxError as `JSON.parse` does; NumberRangeError, where floats are kept. */
export function parseExactJson(text: string, { floats = 'kept', objects = 'data' }: ExactReading = {}): JsonValue {
  const plain = JSON.parse(text) as JsonValue;
  const make = objects === 'data' ? plainObject : Object.fromEntries<JsonValue>;
  if (mayDiffer(text, plain)) {
    return settled(parse(text, undefined, { parseNumber: readers[floats], onDuplicateKey: last }), make);
  }
  return objects === 'data' && holdsKeyOfTags(text) ? settled(plain, make) : plain;
}

/** The fields of an object that was read, also where their names look like those of a tag. */
export function fieldsRead(value: Fields): Fields {
  return isExact(value) ? Object.fromEntries(value.value as unknown as Entries) : value;
}

type Entries = readonly (readonly [string, JsonValue])[];

/** @param text as Python prints the float */
export function exactFloat(text: string): JsonValue {
  return { $exact: 'float', value: text } satisfies ExactValue;
}

/** Not yet written as a tag, so that it is not taken for an object of the text that looks like one. */
class Tagged {
  readonly value: ExactValue;
  constructor(kind: 'int' | 'float', value: string) {
    this.value = { $exact: kind, value };
  }
}

const readers = {
  kept: (text: string): number | Tagged => (isInteger(text) ? integer(text) : float(text)),
  numbers: (text: string): number | Tagged => (isInteger(text) ? integer(text) : Number(text)),
};

function isInteger(text: string): boolean {
  return /^-?\d+$/.test(text);
}

function integer(text: string): number | Tagged {
  if (Number.isSafeInteger(Number(text))) return Number(text);
  if (text.length > digitsAtMost) throw new NumberRangeError(text, `has more than ${digitsAtMost} digits`);
  return new Tagged('int', text);
}

function float(text: string): number | Tagged {
  const value = Number(text);
  if (!Number.isFinite(value)) throw new NumberRangeError(text, 'is larger than any float');
  return Number.isInteger(value) ? new Tagged('float', pythonNumber(value, true)) : value;
}

/** As `JSON.parse` has it. */
function last({ newValue }: { readonly newValue: unknown }): unknown {
  return newValue;
}

/** Numbers as tags, and each object as `make` has it. */
function settled(value: unknown, make: (entries: Entries) => JsonValue): JsonValue {
  if (value instanceof Tagged) return value.value as unknown as JsonValue;
  if (value === null || typeof value !== 'object') return value as JsonValue;
  if (Array.isArray(value)) return value.map((item) => settled(item, make));
  return make(Object.entries(value).map(([key, item]) => [key, settled(item, make)] as const));
}

/** An object of these; where it would be taken for a tag, one that says what it is. */
export function plainObject(entries: Entries): JsonValue {
  if (entries.every(([key]) => key !== '$exact')) return Object.fromEntries(entries);
  const shown = Object.fromEntries(entries.map(([key, value]) => [key, shownValue(value)]));
  return { $exact: 'dict', value: entries.map(([key, value]) => [key, value]), shown };
}
