/** What a zod schema is made of: its definition, which zod's editions share. */
import type * as z from 'zod';

export type Definition = z.core.$ZodTypes['_zod']['def'];

export function definitionOf(schema: z.core.$ZodType): Definition {
  return (schema as z.core.$ZodTypes)._zod.def;
}

/** What a lazy schema stands for: the same one each time, where its getter may make another. */
export function lazyInner(schema: z.core.$ZodType): z.core.$ZodType {
  return (schema as z.core.$ZodLazy)._zod.innerType;
}

/** Whether null itself is a value, and not only what stands for one that is left out. Coercion makes 0 and 'null' of it. */
export function takesNull(schema: z.core.$ZodType): boolean {
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
    case 'lazy':
      return takesNull(lazyInner(schema));
    default:
      return false;
  }
}
