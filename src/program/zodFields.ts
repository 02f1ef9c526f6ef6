/** zod schemas as fields of a signature. */
import * as z from 'zod';
import { UsageError } from '../base/errors.ts';
import type { Fields, JsonValue } from '../base/json.ts';
import type { FieldDescription, FieldType } from '../data/program.ts';
import { fromJson, fromJsonAs } from './values/fromJson.ts';
import { ParseError } from './values/parseError.ts';

export type FieldSchemas = Readonly<Record<string, z.ZodType>>;

/**
 * A field's schema, which has to be one of zod 4: what came before describes itself otherwise.
 *
 * @throws UsageError naming the field.
 */
export function zod4(field: string, schema: z.ZodType): z.ZodType {
  const given: unknown = schema;
  if (typeof given === 'object' && given !== null && '_zod' in given) return schema;
  const zod3 = typeof given === 'object' && given !== null && '_def' in given;
  const what = zod3 ? 'is a schema of zod 3' : 'is no zod schema';
  throw new UsageError(
    `The signature's field '${field}' ${what}, and fields are schemas of zod 4: install zod@4` +
      `${zod3 ? ", or import from 'zod/v4' where the installed zod has it" : ''}.`,
  );
}

/** The field type that says the same as the schema; `json` with the schema's JSON schema where none does. */
export function fieldTypeOf(schema: z.ZodType): FieldType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    const inner = fieldTypeOf(schema.unwrap() as z.ZodType);
    return inner.kind === 'optional' ? inner : { kind: 'optional', of: inner };
  }
  if (schema instanceof z.ZodDefault) return { kind: 'optional', of: fieldTypeOf(schema.unwrap() as z.ZodType) };
  if (schema.def.type === 'string') return { kind: 'string' };
  if (schema instanceof z.ZodNumber) return { kind: schema.isInt ? 'int' : 'float' };
  if (schema instanceof z.ZodBigInt) return { kind: 'bigint' };
  if (schema instanceof z.ZodBoolean) return { kind: 'boolean' };
  if (schema instanceof z.ZodAny || schema instanceof z.ZodUnknown) return { kind: 'any' };
  if (schema instanceof z.ZodEnum) return { kind: 'literal', values: schema.options };
  if (schema instanceof z.ZodLiteral) return literal([...schema.values], schema);
  if (schema instanceof z.ZodArray) return { kind: 'list', items: fieldTypeOf(schema.element as z.ZodType) };
  if (schema instanceof z.ZodRecord) return { kind: 'dict', values: fieldTypeOf(schema.valueType as z.ZodType) };
  if (schema instanceof z.ZodUnion) return union(schema);
  return json(schema);
}

function literal(values: readonly unknown[], schema: z.ZodType): FieldType {
  const plain = values.filter((value) => ['string', 'number', 'boolean'].includes(typeof value));
  return plain.length === values.length
    ? { kind: 'literal', values: plain as readonly (string | number | boolean)[] }
    : json(schema);
}

function union(schema: z.ZodUnion): FieldType {
  const members = schema.options.map((option) => fieldTypeOf(option as z.ZodType));
  const values = members.flatMap((member) => (member.kind === 'literal' ? member.values : []));
  return members.every((member) => member.kind === 'literal') ? { kind: 'literal', values } : json(schema);
}

function json(schema: z.ZodType): FieldType {
  const whole = z.toJSONSchema(schema, { unrepresentable: 'any', override: sayInteger }) as Readonly<
    Record<string, JsonValue>
  >;
  const rest = Object.fromEntries(Object.entries(whole).filter(([key]) => key !== '$schema'));
  const title = rest['title'];
  const name = typeof title === 'string' ? title : schema instanceof z.ZodObject ? 'object' : 'value';
  return { kind: 'json', name, schema: rest };
}

/** JSON schemas have no bigints: what is written in JSON is an integer. */
function sayInteger({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodType;
  jsonSchema: z.core.JSONSchema.BaseSchema;
}): void {
  if (zodSchema instanceof z.ZodBigInt) jsonSchema.type = 'integer';
}

/**
 * Parsed outputs as the schemas have them: refined, defaulted, transformed. A field without one is as its type says.
 *
 * @throws ParseError when a schema rejects a value.
 */
export function checkedOutputs(
  { schemas, outputs: fields }: CheckedSignature,
  outputs: Fields,
  completion: string,
): Readonly<Record<string, unknown>> {
  const entries = Object.entries(outputs).map(([name, value]) => {
    const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined;
    if (schema !== undefined) return [name, checked(schema, name, value, completion)] as const;
    const type = fields.find((field) => field.name === name)?.type ?? { kind: 'any' };
    return [name, fromJsonAs(type, value, `The field '${name}'`)] as const;
  });
  return Object.fromEntries(entries);
}

/** A signature, as far as its answers are checked. */
interface CheckedSignature {
  readonly schemas: FieldSchemas;
  readonly outputs: readonly FieldDescription[];
}

/** A bigint for each integer of which the schema says so, however deep. */
function withBigints(schema: unknown, value: unknown): unknown {
  if (schema instanceof z.ZodBigInt) return Number.isInteger(value) ? BigInt(value as number) : value;
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return withBigints(schema.unwrap(), value);
  }
  if (schema instanceof z.ZodArray) {
    return Array.isArray(value) ? value.map((item: unknown) => withBigints(schema.element, item)) : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (schema instanceof z.ZodRecord) return mapped(value, () => schema.valueType);
  return schema instanceof z.ZodObject ? mapped(value, (key) => (schema.shape as FieldSchemas)[key]) : value;
}

function mapped(value: object, schemaOf: (key: string) => unknown): object {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withBigints(schemaOf(key), item)]));
}

function checked(schema: z.ZodType, field: string, value: JsonValue, completion: string): unknown {
  // Prompts know only null; `optional()` wants undefined.
  const result = schema.safeParse(withBigints(schema, fromJson(value)));
  const outcome = !result.success && value === null ? schema.safeParse(undefined) : result;
  if (outcome.success) return outcome.data;
  throw new ParseError(`The field '${field}' does not fit its schema: ${z.prettifyError(outcome.error)}`, {
    field,
    completion,
  });
}
