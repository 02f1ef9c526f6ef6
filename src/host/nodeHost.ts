import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { UsageError } from '../base/errors.ts';
import { BatchingMessageWriter } from './batchingWriter.ts';
import { BoundedMessageReader } from './boundedReader.ts';
import { HostClient } from './hostClient.ts';
import type { HostClientOptions } from './hostClient.ts';
import type { BlockedAt, HostProcess } from './hostProcess.ts';
import { hostProtocolVersion, initializeSchema } from './protocol.ts';
import type { InitializeParams } from './protocol.ts';
import { readBlockedAt } from './blockedAt.ts';
import { exitOf } from './childExit.ts';

export interface NodeProcessOptions {
  /** Absolute path. */
  readonly workspace: string;
  /** The host's own code, bundled: `dist/host.js`. */
  readonly entry: string;
  /** What `import … from 'bettertogether'` gives where the workspace has none installed: `dist/sdk.js`. */
  readonly sdkPath: string;
  /** The Node that runs the user's code. Default: the one running this. */
  readonly nodePath?: string;
  /** Options of that Node, before the entry: `--max-old-space-size=8192`. */
  readonly nodeArgs?: readonly string[];
  /** The environment of the user's code. Default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface NodeHostOptions
  extends HostClientOptions, NodeProcessOptions, Omit<InitializeParams, 'protocol' | 'workspace'> {}

/**
 * Starts a Node child process that loads the user's TypeScript or JavaScript program and metric.
 *
 * @throws UsageError naming file, export or line when they cannot be loaded.
 */
export async function startNodeHost(options: NodeHostOptions): Promise<HostClient> {
  const { workspace } = options;
  for (const [what, path] of Object.entries({
    workspace,
    "host's code": options.entry,
    "SDK's code": options.sdkPath,
  })) {
    if (!existsSync(path)) throw new UsageError(`The ${what} is not there: ${path} does not exist.`);
  }
  const initialize = initializeSchema.parse({ ...options, protocol: hostProtocolVersion });
  return HostClient.start(() => spawnNode(options), initialize, options);
}

/** The protocol has pipe 3, so that whatever user code prints cannot get into it; pipe 4 asks where it is blocked. */
export function spawnNode(options: NodeProcessOptions): HostProcess {
  const node = options.nodePath ?? process.execPath;
  const child = spawn(node, [...(options.nodeArgs ?? []), options.entry, options.sdkPath], {
    cwd: options.workspace,
    // Within VS Code the executable is Electron, which runs as Node when asked to.
    env: { ...(options.env ?? process.env), ELECTRON_RUN_AS_NODE: '1' },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const [, , , wire, watcher] = child.stdio as unknown as readonly [null, Duplex, Duplex, Duplex, Duplex];
  for (const stream of [wire, watcher]) stream.on('error', () => undefined);
  const reader = new BoundedMessageReader(wire);
  return {
    reader,
    writer: new BatchingMessageWriter(wire),
    exited: exitOf(child, node, () => reader.lastWords),
    onPrint(listener) {
      child.stdout?.on('data', (bytes: Buffer) => listener('stdout', bytes));
      child.stderr?.on('data', (bytes: Buffer) => listener('stderr', bytes));
    },
    whereBlocked: () => askWatcher(watcher),
    kill: () => void child.kill('SIGKILL'),
  };
}

/** A thread of the child answers, for its main thread cannot. */
async function askWatcher(watcher: Duplex): Promise<BlockedAt | null> {
  const answer = new Promise<BlockedAt | null>((resolve) => {
    let text = '';
    watcher.on('data', (bytes: Buffer) => {
      text += bytes.toString('utf8');
      if (text.includes('\n')) resolve(readBlockedAt(text));
    });
    watcher.once('close', () => resolve(null));
    setTimeout(() => resolve(null), 5000).unref();
  });
  watcher.write('where\n');
  return answer;
}
