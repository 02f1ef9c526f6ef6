/**
 * Importing it lets connections of vscode-jsonrpc handle all messages that came together in one turn of the event loop. By itself
 * the package begins a turn for each: answers to them are then written one by one, and so is what they cause, to the
 * memo, the account and the log. That was a sixth of all CPU of a run.
 *
 * The package's timer is the one place where this can be said. It is not promised to stay as it is, so
 * a test holds it.
 */
import { RAL } from 'vscode-jsonrpc/node';

const given = RAL();
RAL.install({
  ...given,
  timer: {
    ...given.timer,
    setImmediate: (callback: (...args: unknown[]) => void, ...args: unknown[]) => {
      let isDue = true;
      process.nextTick(() => {
        if (isDue) callback(...args);
      });
      return { dispose: () => void (isDue = false) };
    },
  },
});
