import { HumanError, UsageError } from '../../../src/base/errors.ts';

export type Outcome<T> = { readonly value: T } | { readonly error: HumanError };

/** Seconds that reading a small thing may take, on a busy machine. */
const hangs = 5;

/**
 * Reads damaged input. What is thrown must be an error for people, in time; anything else is a crash.
 *
 * @param where names seed and number of the case.
 */
export async function read<T>(where: string, body: () => T | Promise<T>): Promise<Outcome<T>> {
  const began = performance.now();
  try {
    return { value: await body() };
  } catch (error) {
    if (error instanceof HumanError) return { error };
    throw new Error(`${where}: not an error for people: ${String(error)}`, { cause: error });
  } finally {
    const seconds = (performance.now() - began) / 1000;
    if (seconds > hangs) throw new Error(`${where}: took ${seconds.toFixed(1)} s`);
  }
}

/** Wrong input is the user's to mend: exit code 2, with the file named. */
export function isUsage(error: HumanError, file: string): boolean {
  return error instanceof UsageError && error.message.includes(file);
}
