/** What the engine keeps in the memo: values of its own shapes, checked when they come back. */
import type * as z from 'zod';
import type { JsonValue } from '../base/json.ts';
import type { Journal } from './interfaces.ts';

/**
 * What is remembered under `key`. A value of another shape (of another version, or damaged) counts as nothing: what it
 * stood for is done again, and replaces it.
 */
export async function recallAs<T>(
  journal: Pick<Journal, 'recall'>,
  key: string,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  const value = await journal.recall(key);
  return value === undefined ? undefined : schema.safeParse(value).data;
}

/** Remembers plain data, as all of the engine's is: only an interface hides that from the compiler. */
export function rememberAs<T extends object>(
  journal: Pick<Journal, 'remember'>,
  key: string,
  value: NoInfer<T>,
): Promise<void> {
  return journal.remember(key, value as unknown as JsonValue);
}
