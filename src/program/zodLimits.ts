/** Limits of zod schemas that its JSON schemas leave out, since JSON has no such values: of bigints, sets and dates. */
import type * as z from 'zod';

/** In DSPy's words (signatures/field.py), and what only JSON schemas know in theirs. */
export const words: Readonly<Record<string, string>> = {
  minimum: 'greater than or equal to',
  exclusiveMinimum: 'greater than',
  maximum: 'less than or equal to',
  exclusiveMaximum: 'less than',
  minLength: 'minimum length',
  maxLength: 'maximum length',
  minItems: 'minimum length',
  maxItems: 'maximum length',
  multipleOf: 'a multiple of the given number',
  format: 'format',
  pattern: 'pattern',
};

/** A limit by the key that JSON schemas have for it. */
type Limit = readonly [key: string, value: number | bigint | Date];

export function limitsOf(schema: z.core.$ZodType): readonly Limit[] {
  return (schema._zod.def.checks ?? []).flatMap(({ _zod: { def } }) =>
    limitsBy(def as z.core.$ZodChecks['_zod']['def']),
  );
}

function limitsBy(def: z.core.$ZodChecks['_zod']['def']): readonly Limit[] {
  switch (def.check) {
    case 'greater_than':
      return [[def.inclusive ? 'minimum' : 'exclusiveMinimum', def.value]];
    case 'less_than':
      return [[def.inclusive ? 'maximum' : 'exclusiveMaximum', def.value]];
    case 'multiple_of':
      return [['multipleOf', def.value]];
    case 'min_size':
      return [['minItems', def.minimum]];
    case 'max_size':
      return [['maxItems', def.maximum]];
    case 'size_equals':
      return [
        ['minItems', def.size],
        ['maxItems', def.size],
      ];
    default:
      return [];
  }
}

/** Those that JSON's numbers hold. */
export function jsonLimits(limits: readonly Limit[]): Readonly<Record<string, number>> {
  const numbers = limits.map(([key, value]) => [key, Number(value)] as const);
  return Object.fromEntries(numbers.filter(([, value]) => Number.isSafeInteger(value)));
}

export function inWords(limits: readonly Limit[]): readonly string[] {
  return limits.map(([key, value]) => `${words[key]}: ${value instanceof Date ? value.toISOString() : String(value)}`);
}
