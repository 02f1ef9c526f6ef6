import { spawnSync } from 'node:child_process';

/** Runs a command to its end; its output is shown. @throws Error where it does not end well. */
export function must([program = '', ...args]: readonly string[], env: NodeJS.ProcessEnv = {}, cwd?: string): void {
  // Not on standard output: that is a benchmark's.
  const { status } = spawnSync(program, args, { stdio: ['ignore', 2, 2], env: { ...process.env, ...env }, cwd });
  if (status !== 0) throw new Error(`\`${[program, ...args].join(' ')}\` ended with ${String(status)}.`);
}
