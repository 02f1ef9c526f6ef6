export interface Closable {
  close(): Promise<void>;
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
