import * as z from 'zod';
import type { Fields, JsonValue } from './json.ts';

/** A value that came as JSON (from a file, a pipe, the memo) and so is JSON already: it is not looked through again. */
export const jsonValueSchema = z.custom<JsonValue>();

export const fieldsSchema = z.record(z.string(), jsonValueSchema) satisfies z.ZodType<Fields>;
