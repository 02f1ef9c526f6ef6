/** Whether a value is of a schema's kind, by its type and zod's own checks. Users' checks are never run for that. */
import type * as z from 'zod';
import { definitionOf } from './zodDefinition.ts';
import type { Definition } from './zodDefinition.ts';

/** Of what has no parts, and of a container as a whole. */
export function isOfKind(schema: z.core.$ZodType, value: unknown): boolean {
  const def = definitionOf(schema);
  if ('coerce' in def && def.coerce === true) return true;
  return isOfType(schema, def, value) && checksOf(schema).every((check) => passes(check, value));
}

/** Whether only a function knows what it takes. */
export function isOpaque(schema: z.core.$ZodType): boolean {
  const def = definitionOf(schema);
  if (def.type === 'pipe') return isOpaque(def.in);
  return def.type === 'custom' || def.type === 'transform';
}

function isOfType(schema: z.core.$ZodType, def: Definition, value: unknown): boolean {
  switch (def.type) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'bigint':
    case 'undefined':
      return typeof value === def.type;
    case 'void':
      return value === undefined;
    case 'null':
      return value === null;
    case 'nan':
      return Number.isNaN(value);
    case 'date':
      return value instanceof Date;
    case 'enum':
    case 'literal':
      return schema._zod.values?.has(value as string) ?? false;
    case 'template_literal':
      return typeof value === 'string' && schema._zod.pattern?.test(value) === true;
    case 'never':
    case 'symbol':
    case 'function':
    case 'file':
      return false;
    default:
      return true;
  }
}

/** Zod's, which run at once and look at the value alone. */
const own: ReadonlySet<string> = new Set([
  'less_than',
  'greater_than',
  'multiple_of',
  'number_format',
  'bigint_format',
  'max_size',
  'min_size',
  'size_equals',
  'max_length',
  'min_length',
  'length_equals',
  'string_format',
]);

/** None where the value is changed before, as `trim` does. A format, such as `z.email()`, is its own check; one with a function is its user's. */
function checksOf(schema: z.core.$ZodType): readonly z.core.$ZodCheck[] {
  const itself = schema._zod.traits.has('$ZodCheck') ? [schema as unknown as z.core.$ZodCheck] : [];
  const all = [...itself, ...(schema._zod.def.checks ?? [])];
  if (all.some((check) => check._zod.def.check === 'overwrite')) return [];
  return all.filter(({ _zod: { def } }) => own.has(def.check) && !('fn' in def && def.fn !== undefined));
}

function passes(check: z.core.$ZodCheck, value: unknown): boolean {
  const payload: z.core.ParsePayload<never> = { value: value as never, issues: [] };
  void check._zod.check(payload);
  return payload.issues.length === 0;
}
