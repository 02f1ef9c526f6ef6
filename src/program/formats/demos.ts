import type { Fields, JsonValue } from '../../base/json.ts';
import type { Demo, SignatureDescription } from '../../data/program.ts';

/** A field's value, or `undefined` where the record does not have it. `null` is a value. */
export function valueIn(fields: Fields, name: string): JsonValue | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/**
 * Demos with every field (none of them null), and those with some inputs and some outputs; the rest are of no use to
 * a chat (DSPy: adapters/base.py `format_demos`, which shows the incomplete ones first).
 */
export function splitDemos(
  signature: SignatureDescription,
  demos: readonly Demo[],
): { readonly complete: readonly Fields[]; readonly incomplete: readonly Fields[] } {
  const complete: Fields[] = [];
  const incomplete: Fields[] = [];
  const fields = [...signature.inputs, ...signature.outputs];
  for (const demo of demos) {
    const has = (name: string): boolean => valueIn(demo.fields, name) !== undefined;
    if (fields.every((field) => (valueIn(demo.fields, field.name) ?? null) !== null)) complete.push(demo.fields);
    else if (signature.inputs.some((f) => has(f.name)) && signature.outputs.some((f) => has(f.name))) {
      incomplete.push(demo.fields);
    }
  }
  return { complete, incomplete };
}
