/** Named values where they come in. */
import * as z from 'zod';
import type { Fields, JsonValue } from '../base/json.ts';
import { nestingAtMost } from '../base/limits.ts';
import { isNestedDeeper } from '../base/nesting.ts';

/**
 * A value that came as JSON (from a file, a pipe, the memo) and so is JSON already: only how deep it nests is looked at,
 * for whatever is done with it goes as deep.
 */
export const jsonValueSchema = z.custom<JsonValue>((value) => !isNestedDeeper(value), {
  error: `nests deeper than ${nestingAtMost} levels`,
});

export const fieldsSchema = z.record(z.string(), jsonValueSchema) satisfies z.ZodType<Fields>;
