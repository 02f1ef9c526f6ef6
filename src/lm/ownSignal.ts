/**
 * Runs one request under a signal of its own that follows `signal`. The `openai` package never takes its listener off
 * the signal it is given: on one that lives as long as the run, they would pile up.
 */
export async function withOwnSignal<T>(signal: AbortSignal, request: (own: AbortSignal) => Promise<T>): Promise<T> {
  const own = new AbortController();
  const onAbort = () => {
    own.abort();
  };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await request(own.signal);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
