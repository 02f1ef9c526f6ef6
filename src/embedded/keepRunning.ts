import { HumanError, messageOf } from '../base/errors.ts';
import type { EmbeddedEndpoint } from './embedded.ts';

/** Crashes in a session after which starting again does not help. */
const restartsAtMost = 5;

export interface KeepHooks {
  /** It ended by itself: where it was, anybody may listen now. */
  onGone?(): void;
  /** It answers at another address now. */
  onMoved(endpoint: EmbeddedEndpoint): void;
  onWarning(message: string): void;
  /** Aborted: everything ends, and nothing is started any more. */
  readonly signal: AbortSignal;
}

export interface KeptEndpoint {
  /** As it was started first; model and hash hold for every later process. */
  readonly endpoint: EmbeddedEndpoint;
  close(): Promise<void>;
}

type Start = (signal: AbortSignal) => Promise<EmbeddedEndpoint>;

/**
 * An endpoint process that is started again when it ends by itself. Adapters and jobs lie on the disk, so the new one
 * is the same endpoint at another port; calls that were in flight are asked again by their retries.
 */
export async function keepRunning(start: Start, hooks: KeepHooks): Promise<KeptEndpoint> {
  const closing = new AbortController();
  const signal = AbortSignal.any([hooks.signal, closing.signal]);
  const endpoint = await start(signal);
  let current = endpoint;
  const aborted = new Promise<null>((resolve) => {
    signal.addEventListener('abort', () => {
      resolve(null);
    });
  });
  const watch = async (): Promise<void> => {
    for (let restarts = 0; ; restarts++) {
      const code = await Promise.race([current.exited, aborted]);
      if (signal.aborted) return;
      hooks.onGone?.();
      const ended = `The embedded endpoint ended unexpectedly (${code === null ? 'killed' : `exit code ${code}`})`;
      if (restarts === restartsAtMost) {
        hooks.onWarning(`${ended}, for the ${restarts + 1}th time: it is not started again.`);
        return;
      }
      hooks.onWarning(`${ended}; it is started again, and calls in flight are repeated.`);
      current = await sameAgain(start, endpoint, signal);
      hooks.onMoved(current);
    }
  };
  const watching = watch().catch((error: unknown) => {
    if (!signal.aborted) hooks.onWarning(`The embedded endpoint cannot be started again: ${messageOf(error)}`);
  });
  return {
    endpoint,
    async close() {
      closing.abort();
      await watching;
      await current.close();
    },
  };
}

/** Answers of another model must not be taken for those of this one. */
async function sameAgain(start: Start, first: EmbeddedEndpoint, signal: AbortSignal): Promise<EmbeddedEndpoint> {
  const again = await start(signal);
  if (again.modelHash === first.modelHash && again.modelName === first.modelName) return again;
  await again.close();
  throw new HumanError(`the model file of "${first.modelName}" was changed meanwhile. Resume the run.`);
}
