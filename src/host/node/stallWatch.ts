import { Session } from 'node:inspector';
import type { Debugger } from 'node:inspector';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { isUserFile } from './userFrame.ts';

/** The pipe on which the parent asks where the main thread is. */
const watcherPipe = 4;

/** The main thread leaves here a function that returns which program run is executing. */
export const currentRunKey = 'bettertogether.host.currentRun';

/**
 * Runs in a thread of its own, for it answers when the main thread cannot: asked `where`, it pauses the main thread
 * with the debugger and says which run it is in and at which line of the user's. When the parent is gone it ends the
 * process, even one that is stuck in an endless loop.
 */
export function watchMainThread(workspace: string): void {
  const pipe = new Socket({ fd: watcherPipe, readable: true, writable: true });
  pipe.on('data', () => {
    locate(workspace).then(
      (at) => pipe.write(`${JSON.stringify(at)}\n`),
      () => pipe.write('null\n'),
    );
  });
  const end = (): void => void process.kill(process.pid, 'SIGKILL');
  pipe.on('end', end);
  pipe.on('error', end);
}

async function locate(workspace: string): Promise<{ run?: number; file?: string; line?: number }> {
  const session = new Session();
  session.connectToMainThread();
  const scripts = new Map<string, string>();
  session.on('Debugger.scriptParsed', ({ params }) => scripts.set(params.scriptId, params.url));
  const paused = new Promise<Debugger.CallFrame[]>((resolve) => {
    session.once('Debugger.paused', ({ params }) => resolve(params.callFrames));
  });
  await enable(session);
  session.post('Debugger.pause');
  const frames = await paused;
  const run = await evaluate(session, frames[0]!, `globalThis[Symbol.for('${currentRunKey}')]()`);
  const place = frames
    .map(({ location }) => ({ file: pathOf(scripts.get(location.scriptId) ?? ''), line: location.lineNumber + 1 }))
    .find((frame) => isUserFile(frame.file, workspace));
  return { ...(typeof run === 'number' && { run }), ...place };
}

function enable(session: Session): Promise<void> {
  return new Promise((resolve, reject) => {
    session.post('Debugger.enable', (error) => (error === null ? resolve() : reject(error)));
  });
}

function evaluate(session: Session, frame: Debugger.CallFrame, expression: string): Promise<unknown> {
  const params = { callFrameId: frame.callFrameId, expression, returnByValue: true };
  return new Promise((resolve) => {
    session.post('Debugger.evaluateOnCallFrame', params, (_error, answer) => {
      resolve((answer as Debugger.EvaluateOnCallFrameReturnType | undefined)?.result?.value as unknown);
    });
  });
}

function pathOf(url: string): string {
  return url.startsWith('file:') ? fileURLToPath(url) : url;
}
