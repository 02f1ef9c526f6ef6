/** Values of a Parquet file as rows hold them: what a JavaScript number would change is tagged (`base/exact.ts`). */
import { parquetSchema } from 'hyparquet';
import type { FileMetaData, ParquetParsers, SchemaElement, SchemaTree } from 'hyparquet';
import { exactFloat, parseExactJson, plainObject } from '../base/exactJson.ts';
import type { JsonValue } from '../base/json.ts';
import { pythonNumber } from '../base/pythonNumber.ts';

/** A column, and what its values are in a row. */
export interface Column {
  readonly name: string;
  readonly read: Reader;
}

/** From what hyparquet gives. @throws Error for what has no equal here. */
type Reader = (given: unknown) => JsonValue;

/** Where pandas keeps the index of a frame, which is no field of its rows. */
const indexColumn = /^__index_level_\d+__$/;

export function columnsOf(metadata: FileMetaData): readonly Column[] {
  return parquetSchema(metadata)
    .children.filter(({ element }) => !indexColumn.test(element.name))
    .map((node) => ({ name: node.element.name, read: readerOf(node) }));
}

function readerOf(node: SchemaTree): Reader {
  const one = readerOfOne(node);
  const orNull: Reader = (given) => (given === null || given === undefined ? null : one(given));
  return node.element.repetition_type === 'REPEATED' ? listOf(orNull) : orNull;
}

/** Groups that are lists and maps are what hyparquet takes for them (its `isListLike` and `isMapLike`). */
function readerOfOne({ children, element }: SchemaTree): Reader {
  const [first] = children;
  if (first === undefined) return readerOfLeaf(element);
  if (element.logical_type?.type === 'VARIANT') throw new Error(`the column ${element.name} is of the type VARIANT`);
  if (children.length === 1 && element.converted_type === 'LIST' && first.children.length <= 1) {
    const [item] = first.children;
    return item === undefined ? readerOf(first) : listOf(readerOf(item));
  }
  if (children.length === 1 && element.converted_type === 'MAP' && first.children.length === 2) {
    const value = readerOf(first.children[1]!);
    return (given) => plainObject(Object.entries(given as object).map(([key, each]) => [key, value(each)]));
  }
  const fields = children.map((child) => [child.element.name, readerOf(child)] as const);
  return (given) =>
    plainObject(fields.map(([name, read]) => [name, read((given as Readonly<Record<string, unknown>>)[name])]));
}

function listOf(item: Reader): Reader {
  return (given) => Array.from(given as ArrayLike<unknown>, item);
}

function readerOfLeaf({ type, converted_type: converted, logical_type: logical, scale }: SchemaElement): Reader {
  if (converted === 'DECIMAL') return (given) => decimal(given as number, scale ?? 0);
  if (logical?.type === 'TIME') return (given) => time(BigInt(given as number | bigint), microsecondsOf[logical.unit]);
  if (logical?.type === 'UUID') return (given) => tagged('uuid', given as string);
  if (type === 'FLOAT' || type === 'DOUBLE' || logical?.type === 'FLOAT16') return (given) => float(given as number);
  if (converted === 'ENUM') return (given) => utf8.decode(given as Uint8Array);
  const isAware = type !== 'INT96' && (logical?.type !== 'TIMESTAMP' || logical.isAdjustedToUTC);
  return (given) => {
    if (typeof given === 'bigint') return integer(given);
    if (given instanceof Uint8Array) return tagged('bytes', Buffer.from(given).toString('base64'));
    if (!(given instanceof Moment)) return given as JsonValue;
    return converted === 'DATE' ? given.date() : given.datetime(isAware);
  };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** How hyparquet reads what is not a number, a list or a group. */
export const parsers: Partial<ParquetParsers> = {
  stringFromBytes: (bytes: Uint8Array | undefined) => bytes && utf8.decode(bytes),
  jsonFromBytes: (bytes: Uint8Array | undefined) => bytes && parseExactJson(utf8.decode(bytes)),
  dateFromDays: (days: number | undefined) => momentOf(days, (given) => BigInt(given) * 86_400_000_000n),
  timestampFromMilliseconds: (given: bigint | undefined) => momentOf(given, (milliseconds) => milliseconds * 1000n),
  timestampFromMicroseconds: (given: bigint | undefined) => momentOf(given, (microseconds) => microseconds),
  // Python's datetime has no nanoseconds either.
  timestampFromNanoseconds: (given: bigint | undefined) =>
    momentOf(given, (nanoseconds) => floored(nanoseconds, 1000n)),
};

function momentOf<T>(given: T | undefined, microseconds: (given: T) => bigint): Moment | undefined {
  return given === undefined || given === null ? undefined : new Moment(microseconds(given));
}

/** Not yet as it is in a row: what reads the column's values says which of them cannot be. */
class Moment {
  readonly #microseconds: bigint;

  constructor(microseconds: bigint) {
    this.#microseconds = microseconds;
  }

  date(): JsonValue {
    return tagged('date', isoOf(this.#microseconds).slice(0, 10));
  }

  datetime(isAware: boolean): JsonValue {
    return tagged('datetime', `${isoOf(this.#microseconds)}${isAware ? '+00:00' : ''}`);
  }
}

function tagged(kind: string, value: string): JsonValue {
  return { $exact: kind, value };
}

function float(value: number): JsonValue {
  return Number.isInteger(value) || !Number.isFinite(value) ? exactFloat(pythonNumber(value, true)) : value;
}

function integer(value: bigint): JsonValue {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : tagged('int', value.toString());
}

/** hyparquet gives a number, which holds some 15 digits. */
function decimal(value: number, scale: number): JsonValue {
  if (!Number.isSafeInteger(Math.round(value * 10 ** scale))) {
    throw new Error(`the decimal number ${value} has more than 15 digits: store it as text or as a float`);
  }
  return tagged('decimal', value.toFixed(scale));
}

const microsecondsOf = { MILLIS: [1000n, 1n], MICROS: [1n, 1n], NANOS: [1n, 1000n] } as const;

function time(value: bigint, [times, over]: readonly [bigint, bigint]): JsonValue {
  return tagged('time', isoOf((value * times) / over).slice(11));
}

/** As Python's `isoformat` writes it. */
function isoOf(microseconds: bigint): string {
  const seconds = floored(microseconds, 1_000_000n);
  const rest = microseconds - seconds * 1_000_000n;
  const date = new Date(Number(seconds) * 1000);
  const year = date.getUTCFullYear();
  if (!(year >= 1 && year <= 9999))
    throw new Error('a date is before the year 1 or after 9999, which Python has none for');
  return `${date.toISOString().slice(0, 19)}${rest === 0n ? '' : `.${rest.toString().padStart(6, '0')}`}`;
}

function floored(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}
