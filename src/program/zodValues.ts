/** Values of an LM's answer, which is JSON, as zod schemas want them: bigints, dates, sets, maps, and what is left out. */
import * as z from 'zod';
import { definitionOf } from './zodTypes.ts';

/** The value for the schema to check, however deep; where the schema says nothing of it, as it is. */
export function answerValue(schema: z.core.$ZodType, value: unknown): unknown {
  const def = definitionOf(schema);
  switch (def.type) {
    case 'bigint':
      return Number.isInteger(value) ? BigInt(value as number) : value;
    case 'literal':
      return def.values.find((each) => typeof each === 'bigint' && Number(each) === value) ?? value;
    case 'date':
      return dateIn(value);
    case 'optional':
    case 'default':
    case 'prefault':
      // Prompts and JSON know only null; these want undefined.
      return value === null && !takesNull(def.innerType) ? undefined : answerValue(def.innerType, value);
    case 'nullable':
      return value === null ? null : answerValue(def.innerType, value);
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return answerValue(def.innerType, value);
    case 'lazy':
      return answerValue(def.getter(), value);
    case 'pipe':
      return answerValue(def.in, value);
    case 'union':
      return fitting(def.options, value);
    case 'intersection':
      return answerValue(def.right, answerValue(def.left, value));
    default:
      return containerValue(def, value);
  }
}

function containerValue(def: z.core.$ZodTypes['_zod']['def'], value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const list: readonly unknown[] | undefined = Array.isArray(value) ? value : undefined;
  switch (def.type) {
    case 'array':
      return list?.map((item) => answerValue(def.element, item)) ?? value;
    case 'set':
      return list === undefined ? value : new Set(list.map((item) => answerValue(def.valueType, item)));
    case 'tuple':
      return list?.map((item, i) => within(def.items[i] ?? def.rest ?? undefined, item)) ?? value;
    case 'map':
      return isRecord(value) ? new Map(Object.entries(mapped(value, () => def.valueType))) : value;
    case 'record':
      return isRecord(value) ? mapped(value, () => def.valueType) : value;
    case 'object':
      return isRecord(value)
        ? mapped(value, (key) => (Object.hasOwn(def.shape, key) ? def.shape[key] : undefined))
        : value;
    default:
      return value;
  }
}

function within(schema: z.core.$ZodType | undefined, value: unknown): unknown {
  return schema === undefined ? value : answerValue(schema, value);
}

/** For the first member that takes it so. */
function fitting(options: readonly z.core.$ZodType[], value: unknown): unknown {
  for (const option of options) {
    const made = answerValue(option, value);
    if (fits(option, made)) return made;
  }
  return value;
}

function fits(schema: z.core.$ZodType, value: unknown): boolean {
  try {
    return z.safeParse(schema, value).success;
  } catch {
    return false; // What is asynchronous is not tried.
  }
}

/** Text that begins with a date; `new Date('5')` would be one too. */
function dateIn(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*\d{4}-\d\d-\d\d/.test(value)) return value;
  const date = new Date(value.trim());
  return Number.isNaN(date.getTime()) ? value : date;
}

/** Whether null itself is a value, and not only what stands for one that is left out. Coercion makes 0 and 'null' of it. */
function takesNull(schema: z.core.$ZodType): boolean {
  const def = definitionOf(schema);
  switch (def.type) {
    case 'nullable':
    case 'null':
    case 'any':
    case 'unknown':
      return true;
    case 'literal':
      return def.values.includes(null);
    case 'union':
      return def.options.some(takesNull);
    case 'optional':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
      return takesNull(def.innerType);
    case 'pipe':
      return takesNull(def.in);
    case 'transform':
    case 'custom':
    case 'lazy':
      return fits(schema, null);
    default:
      return false;
  }
}

function isRecord(value: object): boolean {
  return !Array.isArray(value) && !(value instanceof Map) && !(value instanceof Date) && !(value instanceof Set);
}

/** What an optional property has in the place of a value is left out with it. */
function mapped(value: object, schemaOf: (key: string) => z.core.$ZodType | undefined): object {
  const entries = Object.entries(value).map(([key, item]) => [key, within(schemaOf(key), item)] as const);
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
}
