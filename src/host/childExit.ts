import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { HostExit } from './hostProcess.ts';

/**
 * How a child ends, whenever it does, with what it wrote to stderr last.
 *
 * @param command what was started, for people, should it not start.
 * @param ended why we made it end, where we did and it is worth saying; empty otherwise.
 */
export async function exitOf(child: ChildProcess, command: string, ended: () => string = () => ''): Promise<HostExit> {
  const lastWords = keepLastLines(child);
  const failed = new Promise<HostExit>((resolve) => {
    child.once('error', (error) => {
      if (child.pid === undefined) {
        resolve({ code: null, signal: null, lastWords: `${command} cannot be started: ${error.message}` });
      }
    });
  });
  const exited = new Promise<HostExit>((resolve) => {
    child.once('exit', (code, signal) => {
      const { stderr } = child;
      // What it wrote last may still be in the pipe; a grandchild may hold the pipe open for ever.
      const read = stderr === null || stderr.closed ? Promise.resolve() : once(stderr, 'close');
      // Held: were nothing else left to wait for, this process would end here in silence.
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((done) => (timer = setTimeout(done, 200)));
      void Promise.race([read, late]).then(() => {
        clearTimeout(timer);
        resolve({ code, signal, lastWords: ended() || lastWords() });
      });
    });
  });
  return Promise.race([failed, exited]);
}

/** What a process that ends writes to stderr last: the engine's own reason, where it gives one, or the last lines. */
function keepLastLines(child: ChildProcess): () => string {
  let tail = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    tail = (tail + bytes.toString('utf8')).slice(-16_000);
  });
  return () => {
    const lines = tail.trim().split('\n');
    return lines.find((line) => line.startsWith('FATAL ERROR')) ?? lines.slice(-5).join('\n');
  };
}
