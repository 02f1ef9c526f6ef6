import { exitCode } from '../../base/errors.ts';
import { Cancelled } from '../../engine/errors.ts';
import type { Terminal } from './terminal.ts';

/**
 * Ctrl-C: the first stops cleanly by aborting the signal, the second ends the process at once.
 * `message` is said at the first; `cancelled` is the error's, when the work has stopped.
 */
export function abortOnInterrupt(
  terminal: Terminal,
  message: string,
  say: (line: string) => void,
  cancelled?: string,
): { readonly signal: AbortSignal; abort(reason: string): void; dispose(): void } {
  const controller = new AbortController();
  const dispose = terminal.onInterrupt(() => {
    if (controller.signal.aborted) return terminal.kill(exitCode.cancelled);
    say(message);
    controller.abort(new Cancelled(cancelled));
  });
  return {
    signal: controller.signal,
    abort: (reason) => {
      if (controller.signal.aborted) return;
      say(reason);
      // Asked for by command, not by a closing terminal: a training job is to end as well.
      controller.abort(new Cancelled(cancelled, { jobs: 'cancel' }));
    },
    dispose,
  };
}
