/**
 * Runs `work` one at a time: requests meanwhile get one more run after it, however many. The promise settles
 * when a run that began after the call has ended.
 */
export function coalesced(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  const begin = (): Promise<void> => {
    running = work().finally(() => {
      running = null;
    });
    return running;
  };
  return () => {
    if (running === null) return begin();
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = null;
        return begin();
      });
    return next;
  };
}

/** Calls `work` once it has not been asked for `ms`. */
export function debounced(work: () => void, ms: number): { (): void; cancel(): void } {
  let timer: NodeJS.Timeout | undefined;
  const ask = (): void => {
    clearTimeout(timer);
    timer = setTimeout(work, ms);
  };
  return Object.assign(ask, { cancel: () => clearTimeout(timer) });
}
