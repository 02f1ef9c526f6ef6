/** What a field's type is called, and its JSON schema. */
import type { JsonValue } from '../../base/json.ts';
import type { FieldDescription, FieldType } from '../../data/program.ts';
import { quoteLiteral } from './pythonText.ts';
import { pythonString } from './values.ts';

export type JsonSchema = { readonly [key: string]: JsonValue };

const scalarNames = { string: 'str', int: 'int', bigint: 'int', float: 'float', boolean: 'bool', any: 'Any' } as const;

/** The type's name in Python, as DSPy writes it into prompts (adapters/utils.py `get_annotation_name`). */
export function typeName(type: FieldType): string {
  switch (type.kind) {
    case 'literal':
      return `Literal[${type.values.map((v) => (typeof v === 'string' ? quoteLiteral(v) : pythonString(v))).join(', ')}]`;
    case 'list':
      return `list[${typeName(type.items)}]`;
    case 'dict':
      return `dict[str, ${typeName(type.values)}]`;
    case 'optional':
      return `Union[${typeName(type.of)}, NoneType]`;
    case 'json':
      return type.name;
    default:
      return scalarNames[type.kind];
  }
}

const scalarSchemas = {
  string: { type: 'string' },
  int: { type: 'integer' },
  bigint: { type: 'integer' },
  float: { type: 'number' },
  boolean: { type: 'boolean' },
  any: {},
} as const;

/** The JSON schema that pydantic makes of the type, with `type` first and the other keys sorted, as DSPy shows it. */
export function jsonSchema(type: FieldType): JsonSchema {
  return typeFirst(schemaOf(type)) as JsonSchema;
}

/** The same with an object's properties as the author ordered them, which is the order they are generated in. */
function schemaOf(type: FieldType): JsonSchema {
  switch (type.kind) {
    case 'literal':
      return literalSchema(type.values);
    case 'list':
      return { type: 'array', items: schemaOf(type.items) };
    case 'dict':
      return { type: 'object', additionalProperties: schemaOf(type.values) };
    case 'optional':
      return { anyOf: [schemaOf(type.of), { type: 'null' }] };
    case 'json':
      return type.schema;
    default:
      return scalarSchemas[type.kind];
  }
}

function literalSchema(values: readonly (string | number | boolean)[]): JsonSchema {
  const kinds = new Set(values.map((value) => typeof value));
  const names: Readonly<Record<string, string>> = { string: 'string', number: 'number', boolean: 'boolean' };
  const integers = values.every((value) => Number.isInteger(value));
  const kind = kinds.size === 1 ? { type: integers ? 'integer' : names[typeof values[0]]! } : {};
  return values.length === 1 ? { ...kind, const: values[0]! } : { ...kind, enum: values };
}

function typeFirst(value: JsonValue): JsonValue {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item: JsonValue) => typeFirst(item));
  const rank = (key: string): string => (key === 'type' ? '0' : `1${key}`);
  const entries = Object.entries(value).sort(([a], [b]) => (rank(a) < rank(b) ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, typeFirst(item)]));
}

/** Every value the field may have, where its type lists them. */
export function allowedValues(type: FieldType): readonly string[] | undefined {
  const values: JsonValue | undefined = type.kind === 'json' ? type.schema['enum'] : undefined;
  const listed = type.kind === 'literal' ? type.values : Array.isArray(values) ? (values as JsonValue[]) : undefined;
  return listed?.map((value) => pythonString(value));
}

/**
 * The strict schema of an object with these fields (OpenAI's structured outputs: every property required, none
 * besides), or `undefined` where a field has open keys or any shape at all, which strict schemas cannot say.
 */
export function strictObjectSchema(fields: readonly FieldDescription[]): JsonSchema | undefined {
  const properties = fields.map((field) => [field.name, strict(schemaOf(field.type))] as const);
  if (properties.some(([, schema]) => schema === undefined)) return undefined;
  return {
    type: 'object',
    properties: Object.fromEntries(properties) as JsonSchema,
    required: fields.map((field) => field.name),
    additionalProperties: false,
  };
}

function strict(schema: JsonValue): JsonValue | undefined {
  if (Array.isArray(schema)) return all(schema.map((item: JsonValue) => strict(item)));
  if (schema === null || typeof schema !== 'object') return undefined;
  const { type, properties, items, anyOf, ...rest } = schema as JsonSchema;
  if (anyOf !== undefined) return defined({ ...rest, anyOf: strict(anyOf) });
  if (type === 'array') return defined({ type, items: items === undefined ? undefined : strict(items), ...rest });
  if (type !== 'object') return type === undefined && !('enum' in rest) && !('const' in rest) ? undefined : schema;
  if (properties === undefined || typeof properties !== 'object') return undefined;
  const required: JsonValue = rest['required'] ?? [];
  const mayMiss = (key: string): boolean => !(Array.isArray(required) && required.includes(key));
  const inner = Object.entries(properties as JsonSchema).map(
    ([key, value]) => [key, mayMiss(key) ? orNull(strict(value)) : strict(value)] as const,
  );
  if (inner.some(([, value]) => value === undefined)) return undefined;
  return {
    ...rest,
    type,
    properties: Object.fromEntries(inner) as JsonSchema,
    required: inner.map(([key]) => key),
    additionalProperties: false,
  };
}

/** Strict schemas have no property that may be missing: null says that it is. */
function orNull(schema: JsonValue | undefined): JsonValue | undefined {
  if (schema === undefined) return undefined;
  const { anyOf } = schema as JsonSchema;
  const none = { type: 'null' };
  if (!Array.isArray(anyOf)) return { anyOf: [schema, none] };
  const members = anyOf as readonly JsonValue[];
  const hasNone = members.some((member) => (member as JsonSchema)['type'] === 'null');
  return hasNone ? schema : { ...(schema as JsonSchema), anyOf: [...members, none] };
}

function all(values: readonly (JsonValue | undefined)[]): JsonValue | undefined {
  return values.some((value) => value === undefined) ? undefined : (values as readonly JsonValue[]);
}

function defined(schema: Readonly<Record<string, JsonValue | undefined>>): JsonValue | undefined {
  return Object.values(schema).some((value) => value === undefined) ? undefined : (schema as JsonSchema);
}
