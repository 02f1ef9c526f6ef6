/** The command line as a child of the extension: on VS Code's own Node, in a root's folder. */
import type { CancellationToken } from 'vscode';
import { waitForCli } from '../../editor/processes/cliProcess.ts';
import type { CliProcess } from '../../editor/processes/cliProcess.ts';
import { Dismissed } from '../base/errors.ts';

export interface CliOptions extends Omit<CliProcess, 'signal'> {
  readonly token?: CancellationToken;
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
export async function runCli(args: readonly string[], { token, ...options }: CliOptions): Promise<string> {
  const abort = new AbortController();
  const cancelled = token?.onCancellationRequested(() => abort.abort(new Dismissed()));
  if (token?.isCancellationRequested === true) abort.abort(new Dismissed());
  try {
    return await waitForCli(args, { ...options, signal: abort.signal });
  } finally {
    cancelled?.dispose();
  }
}
