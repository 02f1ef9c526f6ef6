/** The tools for agents over stdio: stdout is the protocol's, and all else goes to stderr. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../../base/errors.ts';
import { bundle } from '../../run/services/bundles.ts';
import { onScreen } from '../../run/text/screenText.ts';
import type { Context } from '../base/context.ts';

interface Options {
  readonly folder?: string;
  readonly readOnly?: true;
}

export function addMcp(program: Command, context: Context): void {
  program
    .command('mcp')
    .description('offer agents the tools of BetterTogether, as an MCP server over stdio (docs/agents.md)')
    .option('--folder <folder>', 'the workspace; by default the one around the current folder')
    .option('--read-only', 'let only tools answer that read')
    .action((options: Options) => mcp(context, options));
}

async function mcp({ terminal }: Context, { folder: asked, readOnly }: Options): Promise<void> {
  const folder = resolve(terminal.cwd, asked ?? '.');
  const found = await stat(folder).catch(() => null);
  if (found?.isDirectory() !== true) throw new UsageError(`--folder ${folder} is not a folder.`);
  const ended = new AbortController();
  const untake = terminal.onInterrupt(() => ended.abort());
  try {
    const { serve } = await import('../mcp/serve.ts');
    await serve({
      folder,
      readOnly: readOnly === true,
      cli: bundle('cli.js'),
      env: terminal.env,
      ended,
      log: (line) => terminal.err(onScreen`${line}\n`),
    });
  } finally {
    untake();
  }
}
