export interface Closable {
  close(): void | Promise<void>;
}

/**
 * Closes what was opened, last first: each one, whatever becomes of the others.
 *
 * @throws what the first one that failed threw, once all were tried.
 */
export async function closeAll(opened: readonly Closable[]): Promise<void> {
  const errors: unknown[] = [];
  for (const one of opened.toReversed()) {
    try {
      await one.close();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

/** The same after a failure: `cause` is what people should hear of, not what else went wrong because of it. */
export async function closeAfter(cause: unknown, opened: readonly Closable[]): Promise<never> {
  await closeAll(opened).catch(() => undefined);
  throw cause;
}

/** Runs `body` and closes what it kept, however it ended. */
export async function closing<T>(body: (keep: <C extends Closable>(opened: C) => C) => Promise<T>): Promise<T> {
  const opened: Closable[] = [];
  let result: T;
  try {
    result = await body((one) => {
      opened.push(one);
      return one;
    });
  } catch (error) {
    return closeAfter(error, opened);
  }
  await closeAll(opened);
  return result;
}
