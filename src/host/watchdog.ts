export interface WatchdogOptions {
  /** Seconds without an answer after which the host counts as blocked. */
  readonly blockedSeconds: number;
  readonly ping: () => Promise<void>;
  /** The host answered: `seconds` passed in which it was not blocked. */
  readonly onAlive: (seconds: number) => void;
  readonly onBlocked: () => void;
}

/** Asks a host again and again whether its event loop still turns. Returns how to stop asking. */
export function watch(options: WatchdogOptions): () => void {
  const interval = Math.min(1, options.blockedSeconds / 4) * 1000;
  let last = performance.now();
  let waited = 0;
  let asked = false;
  let stopped = false;

  const timer = setInterval(() => {
    const now = performance.now();
    // A machine that slept, or a busy parent, is no fault of the host: one tick never counts for more than two.
    const elapsed = Math.min(now - last, interval * 2);
    last = now;
    if (asked) {
      waited += elapsed;
      if (waited >= options.blockedSeconds * 1000) {
        stop();
        options.onBlocked();
      }
      return;
    }
    options.onAlive((elapsed + waited) / 1000);
    waited = 0;
    asked = true;
    options.ping().then(
      () => {
        asked = false;
      },
      () => undefined,
    );
  }, interval);
  timer.unref();

  function stop(): void {
    if (stopped) return;
    stopped = true;
    clearInterval(timer);
  }
  return stop;
}
