/** zod schemas as fields of a signature: what they say of answers is in `zodTypes.ts`, here answers are read by them. */
import * as z from 'zod';
import { UsageError } from '../base/errors.ts';
import type { Fields, JsonValue } from '../base/json.ts';
import type { FieldDescription } from '../data/program.ts';
import { fromJson, fromJsonAs } from './values/fromJson.ts';
import { ParseError } from './values/parseError.ts';
import { answerValue } from './zodValues.ts';

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

/**
 * Parsed outputs as the schemas have them: refined, defaulted, transformed. A field without one is as its type says.
 *
 * @throws ParseError when a schema rejects a value.
 */
export async function checkedOutputs(
  { schemas, outputs: fields }: CheckedSignature,
  outputs: Fields,
  completion: string,
): Promise<Readonly<Record<string, unknown>>> {
  const entries: (readonly [string, unknown])[] = [];
  for (const [name, value] of Object.entries(outputs)) {
    const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined;
    const type = fields.find((field) => field.name === name)?.type ?? { kind: 'any' };
    const made =
      schema === undefined
        ? fromJsonAs(type, value, `The field '${name}'`)
        : await checked(schema, name, value, completion);
    entries.push([name, made]);
  }
  return Object.fromEntries(entries);
}

/** A signature, as far as its answers are checked. */
interface CheckedSignature {
  readonly schemas: FieldSchemas;
  readonly outputs: readonly FieldDescription[];
}

async function checked(schema: z.ZodType, field: string, value: JsonValue, completion: string): Promise<unknown> {
  // Refinements and transforms may be asynchronous.
  const result = await schema.safeParseAsync(answerValue(schema, fromJson(value)));
  // A field that the answer leaves out is null.
  const outcome = !result.success && value === null ? await schema.safeParseAsync(undefined) : result;
  if (outcome.success) return outcome.data;
  throw new ParseError(`The field '${field}' does not fit its schema: ${z.prettifyError(outcome.error)}`, {
    field,
    completion,
  });
}
