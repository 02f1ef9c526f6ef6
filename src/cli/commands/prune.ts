import type { Command } from 'commander';
import { UsageError } from '../../base/errors.ts';
import { findPrunable, removePrunable } from '../../run/prune/prune.ts';
import type { Context } from '../base/context.ts';
import { wholeNumber } from '../base/options.ts';
import type { Prunable } from '../../run/prune/prunable.ts';
import { bytes, plural } from '../../view/words.ts';
import { workspaceOf } from '../base/workspace.ts';
import { onScreen } from '../../run/text/screenText.ts';

interface Options {
  readonly olderThan: number;
  readonly memo?: true;
  readonly embedded?: true;
  readonly yes?: true;
}

export function addPrune(program: Command, context: Context): void {
  program
    .command('prune')
    .description('remove old runs; says first what would be removed')
    .option('--older-than <days>', 'runs that ended longer ago than this', wholeNumber(0), 30)
    .option('--memo', 'forget remembered answers as well')
    .option('--embedded', "the embedded endpoint's adapters, jobs and files too that were not used for so long")
    .option('--yes', 'remove without asking')
    .action((options: Options) => prune(context, options));
}

async function prune({ terminal }: Context, options: Options): Promise<void> {
  const workspace = await workspaceOf(terminal.cwd);
  const { prunable, foreign, unclear } = await findPrunable(workspace, {
    olderThanDays: options.olderThan,
    memo: options.memo === true,
    embedded: options.embedded === true,
  });
  if (foreign.length > 0) {
    terminal.err(
      onScreen`not made by you on this machine, and left alone: ${foreign.join(', ')}; \`bettertogether adopt\` takes them over\n`,
    );
  }
  for (const message of unclear) terminal.err(onScreen`warning: ${message}\n`);
  if (prunable.length === 0) {
    terminal.out(onScreen`nothing to remove: no run ended more than ${options.olderThan} days ago\n`);
    return;
  }
  for (const { kind, what, path, bytes: size } of prunable) {
    terminal.out(kind === 'deployment' ? onScreen`${what}\n` : onScreen`${what}: ${bytes(size)}, ${path}\n`);
  }
  const total = totalOf(prunable);
  if (options.yes !== true) {
    if (!terminal.interactive) throw new UsageError(`Nothing was removed: add --yes to remove this (${total}).`);
    if (!(await terminal.confirm(onScreen`Remove this (${total})?`))) throw new UsageError('Nothing was removed.');
  }
  await removePrunable(prunable);
  terminal.out(onScreen`removed ${total}\n`);
}

/** `1.2 MB and 1 deployment`: what is up at a service takes no room here. */
function totalOf(prunable: readonly Prunable[]): string {
  const here = prunable.filter(({ kind }) => kind !== 'deployment');
  const deployments = prunable.length - here.length;
  return [
    ...(here.length === 0 ? [] : [bytes(here.reduce((sum, one) => sum + one.bytes, 0))]),
    ...(deployments === 0 ? [] : [plural(deployments, 'deployment')]),
  ].join(' and ');
}
