/** What zod schemas say of fields, for prompts. */
import * as z from 'zod';
import type { Fields, JsonValue } from '../base/json.ts';
import type { FieldType } from '../data/program.ts';
import { definitionOf, lazyInner, takesNull } from './zodDefinition.ts';
import { typeName } from './values/fieldTypes.ts';
import { inWords, jsonLimits, limitsOf, words } from './zodLimits.ts';

/** What goes into a schema, as an LM's answer does, or what comes out of it, as a program has it. */
export type Side = 'input' | 'output';

/** The field type that says the same as the schema; `json` with the schema's JSON schema where none does. */
export function fieldTypeOf(schema: z.core.$ZodType, side: Side): FieldType {
  const def = definitionOf(schema);
  switch (def.type) {
    case 'string':
    case 'bigint':
    case 'boolean':
      return { kind: def.type };
    case 'number':
      return { kind: jsonSchemaOf(schema, side)['type'] === 'integer' ? 'int' : 'float' };
    case 'any':
    case 'unknown':
      return { kind: 'any' };
    case 'enum':
      return { kind: 'literal', values: enumValues(def.entries) };
    case 'literal':
      return literal(def.values, schema, side);
    case 'array':
      return { kind: 'list', items: fieldTypeOf(def.element, side) };
    case 'record':
      return record(def, schema, side);
    case 'union':
      return union(def.options, schema, side);
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
      return optional(fieldTypeOf(def.innerType, side));
    case 'readonly':
      return fieldTypeOf(def.innerType, side);
    case 'nonoptional':
      return required(fieldTypeOf(def.innerType, side), takesNull(def.innerType));
    case 'pipe':
      return pipe(def, schema, side);
    default:
      return json(schema, side);
  }
}

/** Of an enum of numbers TypeScript also keeps the names by number. */
function enumValues(entries: z.core.util.EnumLike): readonly (string | number)[] {
  const numbers = Object.values(entries).filter((value) => typeof value === 'number');
  return Object.entries(entries).flatMap(([name, value]) => (numbers.includes(Number(name)) ? [] : [value]));
}

function optional(of: FieldType): FieldType {
  return of.kind === 'optional' ? of : { kind: 'optional', of };
}

function required(type: FieldType, orNull: boolean): FieldType {
  return type.kind === 'optional' && !orNull ? type.of : type;
}

function literal(values: readonly unknown[], schema: z.core.$ZodType, side: Side): FieldType {
  const plain = values.filter((value) => ['string', 'number', 'boolean'].includes(typeof value));
  return plain.length === values.length
    ? { kind: 'literal', values: plain as readonly (string | number | boolean)[] }
    : json(schema, side);
}

/** Which keys there are, and in what form, only a JSON schema says. */
function record({ keyType, valueType }: z.core.$ZodRecordDef, schema: z.core.$ZodType, side: Side): FieldType {
  const anyKey = definitionOf(keyType).type === 'string' && constraintsIn(jsonSchemaOf(keyType, side)).length === 0;
  return anyKey ? { kind: 'dict', values: fieldTypeOf(valueType, side) } : json(schema, side);
}

function union(options: readonly z.core.$ZodType[], schema: z.core.$ZodType, side: Side): FieldType {
  const members = options.map((option) => fieldTypeOf(option, side));
  const values = members.flatMap((member) => (member.kind === 'literal' ? member.values : []));
  return members.every((member) => member.kind === 'literal') ? { kind: 'literal', values } : json(schema, side);
}

/** What a function takes or makes is not known: `preprocess` begins with one, and `transform` ends with one. */
function pipe(def: z.core.$ZodPipeDef, schema: z.core.$ZodType, side: Side): FieldType {
  const end = side === 'input' ? def.in : def.out;
  return definitionOf(end).type === 'transform' ? json(schema, side) : fieldTypeOf(end, side);
}

function json(schema: z.core.$ZodType, side: Side): FieldType {
  const said = jsonSchemaOf(schema, side);
  const title = said['title'];
  return { kind: 'json', name: typeof title === 'string' ? title : nameOf(schema, said), schema: said };
}

function nameOf(schema: z.core.$ZodType, said: Fields): string {
  const values = said['enum'];
  if (Array.isArray(values)) return typeName({ kind: 'literal', values: values as string[] });
  if (said['type'] === 'string') return 'str';
  return definitionOf(schema).type === 'object' ? 'object' : 'value';
}

/** @param within what is in the sets and maps around the schema: one that holds itself there is said once. */
function jsonSchemaOf(schema: z.core.$ZodType, side: Side, within: readonly z.core.$ZodType[] = []): Fields {
  const override = (place: SchemaPlace): void => sayMore(place, side, within);
  const said = z.toJSONSchema(schema, { unrepresentable: 'any', io: side, override });
  return Object.fromEntries(Object.entries(said).filter(([key]) => key !== '$schema')) as Fields;
}

interface SchemaPlace {
  readonly zodSchema: z.core.$ZodType;
  readonly jsonSchema: z.core.JSONSchema.BaseSchema;
}

/** What an answer writes where JSON has no such value (`answerValue` reads it), and what another copy of zod notes. */
function sayMore({ zodSchema, jsonSchema: said }: SchemaPlace, side: Side, within: readonly z.core.$ZodType[]): void {
  const def = definitionOf(zodSchema);
  const limits = limitsOf(zodSchema);
  if (def.type === 'bigint') Object.assign(said, { type: 'integer' }, jsonLimits(limits));
  if (def.type === 'date') Object.assign(said, { type: 'string', format: 'date-time' });
  if (def.type === 'set') {
    Object.assign(said, { type: 'array', items: partOf(def.valueType, side, within) }, jsonLimits(limits));
  }
  if (def.type === 'map') {
    const names = partOf(def.keyType, side, within);
    const propertyNames = names['type'] === 'string' && Object.keys(names).length > 1 ? { propertyNames: names } : {};
    Object.assign(said, {
      type: 'object',
      ...propertyNames,
      additionalProperties: partOf(def.valueType, side, within),
    });
  }
  if (def.type === 'object' && def.catchall === undefined) said.additionalProperties = false;
  const { description } = zodSchema as { readonly description?: string };
  if (description !== undefined) said.description ??= description;
  // JSON schemas know no limits of dates.
  if (def.type === 'date' && limits.length > 0) {
    said.description = [said.description ?? [], inWords(limits).join(', ')].flat().join('; ');
  }
}

/** What is in a set or a map. A reference in it would mean another place than the one that it stands in. */
function partOf(schema: z.core.$ZodType, side: Side, within: readonly z.core.$ZodType[]): Fields {
  const itself = definitionOf(schema).type === 'lazy' ? lazyInner(schema) : schema;
  if (within.includes(itself)) return {};
  return withoutReferences(jsonSchemaOf(itself, side, [...within, itself])) as Fields;
}

function withoutReferences(said: JsonValue): JsonValue {
  if (Array.isArray(said)) return said.map((each: JsonValue) => withoutReferences(each));
  if (typeof said !== 'object' || said === null) return said;
  if (typeof (said as Fields)['$ref'] === 'string') return {};
  const kept = Object.entries(said).filter(([key]) => key !== '$defs');
  return Object.fromEntries(kept.map(([key, each]) => [key, withoutReferences(each)]));
}

/** What its author says of a schema. */
export function descriptionOf(schema: z.ZodType): string | undefined {
  return schema.description ?? z.globalRegistry.get(schema)?.description;
}

/** What a schema wants of values beyond its field type; `undefined` where it wants nothing, or the type says it all. */
export function constraintsOf(schema: z.core.$ZodType, type: FieldType, side: Side): string | undefined {
  if ((type.kind === 'optional' ? type.of : type).kind === 'json') return undefined;
  const said = constraintsIn(jsonSchemaOf(schema, side)).join(', ');
  return said === '' ? undefined : said;
}

function constraintsIn(schema: JsonValue | undefined): readonly string[] {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return [];
  const said = schema as Fields;
  const own = Object.keys(words).flatMap((key) => {
    const value = said[key];
    return value === undefined || isImplied(key, said) ? [] : [`${words[key]}: ${String(value)}`];
  });
  const parts = [said['allOf'], said['anyOf']].flatMap((each) => (Array.isArray(each) ? (each as JsonValue[]) : []));
  const items = [said['items'], said['additionalProperties']].flatMap(constraintsIn).map((each) => `${each} (each)`);
  return [...own, ...parts.flatMap(constraintsIn), ...items];
}

/** Every integer is a safe one, and a format has its pattern. */
function isImplied(key: string, said: Fields): boolean {
  return Math.abs(Number(said[key])) === Number.MAX_SAFE_INTEGER || (key === 'pattern' && said['format'] !== undefined);
}
