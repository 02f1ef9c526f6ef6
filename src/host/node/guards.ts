import { RunContext } from './runContext.ts';
import { ExitCalled } from './userError.ts';

/**
 * Keeps what user code does to the process from taking other runs down: an exit or an uncaught error ends the run it
 * came from, known by its asynchronous context, and no other.
 *
 * @returns how the host itself exits.
 */
export function guardProcess(): (code: number) => never {
  const exit = process.exit.bind(process);
  Error.stackTraceLimit = 50; // the user's frames are below those of retries, formats and libraries

  process.exit = (code?: number | string | null) => {
    const error = new ExitCalled(`The program called process.exit(${code ?? ''}).`);
    RunContext.current()?.stop(error);
    throw error;
  };

  process.on('uncaughtException', (error: unknown) => {
    const context = RunContext.current();
    if (context === undefined) report('Uncaught error outside of any program run', error);
    else context.stop(error);
  });

  const owners = new WeakMap<Promise<unknown>, RunContext>();
  process.on('unhandledRejection', (reason: unknown, promise: Promise<unknown>) => {
    const context = RunContext.current();
    if (context === undefined) {
      report('Unhandled rejection outside of any program run', reason);
    } else if (!context.ended) {
      // It may be awaited yet: another call of the run took longer. It counts if it is still there when the run ends.
      owners.set(promise, context);
      context.unhandled.set(promise, reason);
    }
  });
  process.on('rejectionHandled', (promise: Promise<unknown>) => {
    owners.get(promise)?.unhandled.delete(promise);
  });

  // Ctrl-C in a terminal reaches the whole process group; the parent decides when the host ends.
  process.on('SIGINT', () => undefined);
  return exit;
}

function report(what: string, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${what}: ${text}\n`);
}
