/** Records that somebody else may have written, as JSON with a schema: bounded before anything is made of them. */
import * as z from 'zod';
import { recordValuesAtMost } from '../base/limits.ts';
import { holdsMore, nestsDeeper } from '../base/nesting.ts';

/** Issues of a record that are reported: a schema finds one for each wrong value. */
const issuesTold = 5;

/** @throws Error saying what is wrong with the text, in a few lines. */
export function parseRecord<T>(schema: z.ZodType<T>, text: string): T {
  if (nestsDeeper(text)) throw new Error('it nests without end');
  if (holdsMore(text, recordValuesAtMost)) throw new Error(`it holds more than ${recordValuesAtMost} values`);
  const parsed = schema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new Error(z.prettifyError(new z.ZodError(parsed.error.issues.slice(0, issuesTold))));
}
