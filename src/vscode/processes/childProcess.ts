/** The command line as a child of the extension: on VS Code's own Node, in a root's folder. */
import { spawn } from 'node:child_process';
import type { CancellationToken } from 'vscode';
import * as z from 'zod';
import { exitCode, HumanError } from '../../base/errors.ts';
import type { ExitCode } from '../../base/errors.ts';
import { mendSchema } from '../../base/mend.ts';
import { usageSchema } from '../../protocol.ts';
import type { Usage } from '../../protocol.ts';
import { Dismissed } from '../base/errors.ts';

/** What the command line reports to its parent (`Terminal.failed`): the error without the lines before it. */
const failureSchema = z.object({ failed: z.string(), mends: z.array(mendSchema).default([]) });

/** And what it paid for (`Terminal.spent`). */
const spentSchema = z.object({ spent: usageSchema });

export interface CliOptions {
  /** `dist/cli.js`. */
  readonly cli: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly token?: CancellationToken;
  /** A line for people. */
  onLine?(line: string): void;
  /** What a command that says so paid for, however it ended; one that was killed says nothing. */
  onSpent?(usage: Usage): void;
}

/**
 * The environment of our processes: VS Code's without what belongs to VS Code itself, and `ELECTRON_RUN_AS_NODE`,
 * with which the desktop's executable is Node.
 */
export function childEnvironment(
  base: NodeJS.ProcessEnv,
  home: string,
  extra: Readonly<Record<string, string>> = {},
): NodeJS.ProcessEnv {
  const own = Object.entries(base).filter(([name]) => !/^(VSCODE_|ELECTRON_)/.test(name));
  return { ...Object.fromEntries(own), ...extra, BETTERTOGETHER_HOME: home, ELECTRON_RUN_AS_NODE: '1' };
}

/**
 * Runs a command of the command line to its end; resolves to what it printed.
 *
 * @throws HumanError with what it said when it failed; Dismissed when it was cancelled.
 */
export async function runCli(
  args: readonly string[],
  { cli, cwd, env, token, onLine, onSpent }: CliOptions,
): Promise<string> {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    windowsHide: true,
  });
  const cancelled = token?.onCancellationRequested(() => child.kill());
  const out: Buffer[] = [];
  const said: string[] = [];
  child.stdout!.on('data', (bytes: Buffer) => out.push(bytes));
  let failure: z.infer<typeof failureSchema> | null = null;
  child.on('message', (message) => {
    failure = failureSchema.safeParse(message).data ?? failure;
    const { data } = spentSchema.safeParse(message);
    if (data !== undefined) onSpent?.(data.spent);
  });
  let rest = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      said.push(line);
      onLine?.(line);
    }
  });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (token?.isCancellationRequested === true) throw new Dismissed();
    if (code === 0) return Buffer.concat(out).toString('utf8');
    const exit = Object.values(exitCode).find((known) => known === code) ?? exitCode.failed;
    if (failure !== null) throw failedWith(failure, exit);
    const message = [...said, rest].filter((line) => line.trim() !== '').slice(-12);
    throw new HumanError(message.length > 0 ? message.join('\n') : `bettertogether ${args[0]} ended with ${code}.`, {
      exit,
    });
  } finally {
    cancelled?.dispose();
  }
}

function failedWith({ failed, mends }: z.infer<typeof failureSchema>, exit: ExitCode): HumanError {
  return new HumanError(failed, { mends, exit });
}
