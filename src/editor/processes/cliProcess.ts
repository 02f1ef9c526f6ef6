/** The command line as a child that is waited for: on the Node of this process, in a root's folder. */
import { spawn } from 'node:child_process';
import * as l10n from '../../base/l10n.ts';
import * as z from 'zod';
import { HumanError, exitCode } from '../../base/errors.ts';
import type { ExitCode } from '../../base/errors.ts';
import { mendSchema } from '../../base/mend.ts';
import { usageSchema } from '../../protocol.ts';
import type { Usage } from '../../protocol.ts';

/** What the command line reports to its parent (`Terminal.failed`): the error without the lines before it. */
const failureSchema = z.object({ failed: z.string(), mends: z.array(mendSchema).default([]) });

/** And what it paid for (`Terminal.spent`). */
const spentSchema = z.object({ spent: usageSchema });

export interface CliProcess {
  /** `dist/cli.js`. */
  readonly cli: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Aborted: the child is asked to stop. */
  readonly signal: AbortSignal;
  /** A line for people. */
  onLine?(line: string): void;
  /** What a command that says so paid for, however it ended; one that was killed says nothing. */
  onSpent?(usage: Usage): void;
}

/**
 * Runs a command of the command line to its end; resolves to what it printed.
 *
 * @throws HumanError with what it said when it failed, and its exit code; the signal's reason when that was aborted.
 */
export async function waitForCli(
  args: readonly string[],
  { cli, cwd, env, signal, onLine, onSpent }: CliProcess,
): Promise<string> {
  signal.throwIfAborted();
  const child = spawn(process.execPath, [cli, ...args], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    windowsHide: true,
  });
  const stop = (): void => void child.kill();
  signal.addEventListener('abort', stop, { once: true });
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
    signal.throwIfAborted();
    if (code === 0) return Buffer.concat(out).toString('utf8');
    throw failed(args[0]!, code, failure, [...said, rest]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function failed(
  command: string,
  code: number | null,
  failure: z.infer<typeof failureSchema> | null,
  said: readonly string[],
): HumanError {
  const exit = Object.values<number>(exitCode).includes(code ?? -1) ? (code as ExitCode) : exitCode.failed;
  if (failure !== null) return new HumanError(failure.failed, { mends: failure.mends, exit });
  const message = said.filter((line) => line.trim() !== '').slice(-12);
  const text = message.length > 0 ? message.join('\n') : l10n.t`bettertogether ${command} ended with ${String(code)}.`;
  return new HumanError(text, { exit });
}
