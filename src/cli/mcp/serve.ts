/** Serves the tools until the client is gone. Loaded by the one command that needs MCP's SDK. */
import { dirname } from 'node:path';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { messageOf } from '../../base/errors.ts';
import { knowKey } from '../../base/keys.ts';
import { knowConfiguredKeys } from '../../config/configuredKeys.ts';
import { findUpwards, loadOwnConfig } from '../../config/load.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { createDetector } from '../../detect/detectFolder.ts';
import { consequencesOf } from '../../run/work/consequences.ts';
import type { ToolHost } from '../../tools/base/host.ts';
import { PriceTokens } from '../../tools/base/priceTokens.ts';
import { startDetached } from '../../tools/work/startDetached.ts';
import { workspaceOf } from '../base/workspace.ts';
import { allowedPermissions } from './allowedPermissions.ts';
import { toolServer } from './toolServer.ts';

export interface Serving {
  /** Absolute; programs and runs are those of the workspace around it. */
  readonly folder: string;
  readonly readOnly: boolean;
  /** `dist/cli.js`. */
  readonly cli: string;
  readonly env: NodeJS.ProcessEnv;
  /** Aborted by who wants it to end; and here, when the client is gone: all that waits is given up then. */
  readonly ended: AbortController;
  /** A line for people, not on stdout. */
  log(line: string): void;
}

export async function serve(serving: Serving): Promise<void> {
  const { ended, log } = serving;
  const factory = toolServer({ host: hostOf(serving), signal: ended.signal, log });
  const served = serveStdio(factory, { onerror: (error) => log(messageOf(error)) });
  // The client closed the pipe, crashed or was killed.
  for (const end of ['end', 'close', 'error'] as const) process.stdin.once(end, () => ended.abort());
  await new Promise<void>((resolve) => {
    if (ended.signal.aborted) resolve();
    ended.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await served.close();
  process.stdin.destroy();
}

function hostOf({ folder, readOnly, cli, env }: Serving): ToolHost {
  return {
    // Looked for each time: a configuration may be written while the server is up.
    roots: async () => {
      const roots = await rootsOf(folder);
      for (const root of roots) {
        const { config } = await loadOwnConfig(root).catch(() => ({ config: {} }));
        knowConfiguredKeys(config, env);
      }
      return roots;
    },
    cli,
    environment: (_root, config) => {
      knowKeys(config, env);
      return Promise.resolve(env);
    },
    start: startDetached(cli, env),
    find: async (root) => {
      const detector = createDetector(root);
      await detector.scan();
      return detector.found();
    },
    permissions: allowedPermissions(readOnly),
    prices: new PriceTokens(),
    changed: () => Promise.resolve(),
    words: {
      takeOver: (run) => `Only a person can take it over, at a terminal: \`bettertogether adopt ${run}\`.`,
      resume: (run) => `A person can go on with it: \`bettertogether resume ${run}\`.`,
    },
  };
}

/** Where programs are configured, and where runs are: two folders where runs were made below the configuration. */
async function rootsOf(folder: string): Promise<readonly string[]> {
  const file = await findUpwards(folder);
  return [...new Set([...(file === null ? [] : [dirname(file)]), await workspaceOf(folder)])];
}

/** Keys that processes of ours are given stand in no answer, should one of them repeat them. */
function knowKeys(config: ResolvedProgram, env: NodeJS.ProcessEnv): void {
  const { keys, serviceKeys } = consequencesOf(config);
  for (const { env: name } of [...keys, ...serviceKeys]) {
    const key = env[name];
    if (key !== undefined && key !== '') knowKey(key);
  }
}
