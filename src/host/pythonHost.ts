import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { UsageError } from '../base/errors.ts';
import { BatchingMessageWriter } from './batchingWriter.ts';
import { BoundedMessageReader } from './boundedReader.ts';
import { busiestThread } from './busiestThread.ts';
import { exitOf } from './childExit.ts';
import { findPython } from './findPython.ts';
import { inNotebook } from './gatheredPlace.ts';
import { HostClient } from './hostClient.ts';
import type { HostClientOptions } from './hostClient.ts';
import type { BlockedAt, HostProcess } from './hostProcess.ts';
import { namedByProgram, notebooksIn } from './notebooks.ts';
import { hostProtocolVersion, initializeSchema } from './protocol.ts';
import type { InitializeParams } from './protocol.ts';
import { readPythonStacks } from './pythonStacks.ts';
import type { PythonStacks } from './pythonStacks.ts';

export interface PythonProcessOptions {
  readonly workspace: string;
  /** The host's start: `python/host/launch.py`. */
  readonly launcher: string;
  /** The interpreter; see `findPython` for the default. */
  readonly python?: string;
  /** The environment of the user's code. Default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface PythonHostOptions
  extends HostClientOptions, PythonProcessOptions, Omit<InitializeParams, 'protocol' | 'workspace'> {}

/**
 * Starts a Python child process that loads the user's DSPy program and metric, with the DSPy of their own interpreter.
 *
 * @throws UsageError naming file, name or line when they cannot be loaded, or how to get Python or DSPy.
 */
export async function startPythonHost(options: PythonHostOptions): Promise<HostClient> {
  const { workspace, launcher } = options;
  for (const [what, path] of Object.entries({ workspace, "Python host's code": launcher })) {
    if (!existsSync(path)) throw new UsageError(`The ${what} is not there: ${path} does not exist.`);
  }
  const python = findPython(options);
  const notebooks = await notebooksIn(workspace, namedByProgram(options));
  const initialize = initializeSchema.parse({ ...options, notebooks, protocol: hostProtocolVersion });
  return HostClient.start(() => spawnPython(python, options), initialize, options);
}

/**
 * stdin and stdout carry the protocol; the host moves them away before user code can print (bettertogether_host/
 * stdio.py), so that all printing comes by stderr. On pipe 3 it writes every thread's stack when it gets SIGUSR1.
 */
export function spawnPython(
  python: string,
  { launcher, workspace, env = process.env }: PythonProcessOptions,
): HostProcess {
  const tells = process.platform !== 'win32';
  const environment = { ...env };
  delete environment['ELECTRON_RUN_AS_NODE'];
  const child = spawn(python, [launcher, ...(tells ? ['3'] : [])], {
    cwd: workspace,
    env: environment,
    stdio: ['pipe', 'pipe', 'pipe', ...(tells ? (['pipe'] as const) : [])],
    windowsHide: true,
  });
  const [stdin, stdout, stderr, stacks] = child.stdio as unknown as readonly [Writable, Readable, Readable, Readable?];
  for (const stream of [stdin, stdout, stacks]) stream?.on('error', () => undefined);
  const reader = new BoundedMessageReader(stdout);
  return {
    reader,
    writer: new BatchingMessageWriter(stdin),
    exited: exitOf(child, python, () => reader.lastWords),
    onPrint: (listener) => void stderr.on('data', (bytes: Buffer) => listener('stderr', bytes)),
    whereBlocked: () => (stacks === undefined ? Promise.resolve(null) : askForStacks(child, stacks, workspace)),
    kill: () => void child.kill('SIGKILL'),
  };
}

const answerWithinMs = 5000;
const quietForMs = 200;

async function askForStacks(child: ChildProcess, pipe: Readable, workspace: string): Promise<BlockedAt | null> {
  const text = await new Promise<string>((resolve) => {
    let said = '';
    const done = (): void => resolve(said);
    let timer = setTimeout(done, answerWithinMs);
    pipe.on('data', (bytes: Buffer) => {
      said += bytes.toString('utf8');
      clearTimeout(timer);
      timer = setTimeout(done, quietForMs);
    });
    pipe.once('close', done);
    child.kill('SIGUSR1');
  });
  const stacks = readPythonStacks(text, realpathSync(workspace));
  return stacks === null ? null : inNotebook(await culpritOf(stacks, child.pid!));
}

/** No run is named where more than one could be meant. Where none is under way, it is the loading of user code. */
async function culpritOf({ busy, loading }: PythonStacks, pid: number): Promise<BlockedAt> {
  if (busy.length === 0) return loading ?? {};
  const threads = busy.map(({ thread }) => thread);
  const thread = threads.length === 1 ? threads[0] : await busiestThread(pid, threads);
  const found = busy.find((run) => run.thread === thread);
  return found === undefined ? {} : { run: found.run, file: found.file, line: found.line };
}
