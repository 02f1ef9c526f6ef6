import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { HumanError, isMissing } from '../../base/errors.ts';
import { withoutKeys } from '../../base/keys.ts';
import { withPrivateFiles } from '../../home/private.ts';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** What it writes is the user's alone, as all in the home. Default: shared as the umask says. */
  readonly isPrivate?: boolean;
  /** Lines of either stream, as they come. */
  readonly onLine?: (line: string) => void;
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Set when the program could not be started at all. */
  readonly notFound: boolean;
}

const kept = 64 * 1024;

/** Runs a program to its end; never rejects for an exit code. Output is kept up to its last 64 KB per stream. */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  options.signal?.throwIfAborted();
  const start = () =>
    spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
      // npm is a .cmd file on Windows, which only a shell starts; no argument of ours comes from outside.
      shell: process.platform === 'win32' && command === 'npm',
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  const child = options.isPrivate === true ? withPrivateFiles(start) : start();
  const streams = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    createInterface({ input: child[name] }).on('line', (line) => {
      // Addresses of package registries may carry passwords.
      const clean = withoutKeys(line);
      streams[name] = (streams[name] + clean + '\n').slice(-kept);
      options.onLine?.(clean);
    });
  }
  return await new Promise((resolve, reject) => {
    child.on('error', (error: unknown) => {
      if (isMissing(error)) resolve({ code: null, ...streams, notFound: true });
      else reject(error);
    });
    child.on('close', (code) => {
      resolve({ code, ...streams, notFound: false });
    });
  });
}

/**
 * As `runCommand`, for a step of the set-up, which writes into the home. A failure is an error that says what was
 * tried, what it answered and what to do.
 */
export async function mustRun(
  command: string,
  args: readonly string[],
  advice: string,
  options: CommandOptions = {},
): Promise<CommandResult> {
  const result = await runCommand(command, args, { ...options, isPrivate: true });
  if (result.code === 0) return result;
  const said = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-8).join('\n');
  const ended = result.notFound ? 'is not installed or not on PATH' : `ended with code ${String(result.code)}`;
  throw new HumanError(`\`${[command, ...args].join(' ')}\` ${ended}.${said === '' ? '' : `\n${said}`}\n${advice}`);
}
