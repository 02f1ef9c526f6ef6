import type { Command } from 'commander';
import { HumanError } from '../../data/errors.ts';
import { findRun } from '../../run/runFolder.ts';
import { readRun } from '../../run/summary.ts';
import type { RunSummary } from '../../run/summary.ts';
import type { Context } from '../context.ts';
import { resultTable } from '../../run/text/table.ts';
import { harmless } from '../../run/text/words.ts';
import { workspaceOf } from '../workspace.ts';

export function addShow(program: Command, context: Context): void {
  program
    .command('show')
    .description('show what a run reached')
    .argument('<run>', 'an id, the beginning or end of one, or "latest"')
    .option('--json', 'the result as one JSON object on stdout')
    .action((asked: string, options: { readonly json?: true }) => show(context, asked, options.json === true));
}

async function show({ terminal }: Context, asked: string, json: boolean): Promise<void> {
  const summary = await readRun(await findRun(await workspaceOf(terminal.cwd), asked));
  const { run, view, status } = summary;
  if (!json) return terminal.out(inWords(summary));
  if (view.result === null) throw new HumanError(`Run ${run.id} has no result yet, it is ${status}.`);
  terminal.out(`${JSON.stringify(view.result)}\n`);
}

function inWords({ run, manifest, view, status, pid }: RunSummary): string {
  const { asked, created } = manifest;
  const lines = [
    `run ${run.id}, ${status}${pid === null ? '' : ` (process ${pid})`}`,
    `${asked.key}, ${asked.strategy}, seed ${asked.seed}, ${asked.model} on ${asked.endpoint.name}, begun ${created}`,
  ];
  if (view.stopped !== null) lines.push(`stopped: ${harmless(view.stopped.message)}`);
  for (const warning of view.warnings) lines.push(`warning: ${harmless(warning, 1000)}`);
  if (status === 'stopped' || status === 'crashed') lines.push(`\`bettertogether resume ${run.id}\` goes on with it`);
  return `${lines.join('\n')}\n\n${resultTable(view)}`;
}
