import type { Command } from 'commander';
import { formatStrategy } from '../../data/strategy.ts';
import { readRuns } from '../../run/view/summary.ts';
import type { RunSummary } from '../../run/view/summary.ts';
import type { Context } from '../context.ts';
import { plainTable } from '../../run/text/table.ts';
import { brief, count, startName, stepName } from '../../run/text/words.ts';
import { workspaceOf } from '../workspace.ts';
import { onScreen, screenJson, screenLines } from '../../run/text/screenText.ts';

export function addRuns(program: Command, context: Context): void {
  program
    .command('runs')
    .description('list the runs of this workspace')
    .option('--json', 'one JSON object on stdout')
    .action((options: { readonly json?: true }) => runs(context, options.json === true));
}

async function runs({ terminal }: Context, json: boolean): Promise<void> {
  const workspace = await workspaceOf(terminal.cwd);
  const { runs: all, unreadable } = await readRuns(workspace);
  terminal.err(screenLines(unreadable.map(({ reason }) => brief(reason, 500))));
  if (json) return terminal.out(screenJson({ runs: all.map(asJson) }));
  if (all.length === 0) return terminal.err(onScreen`no runs yet: \`bettertogether optimize <program>\` starts one\n`);
  const head = ['run', 'program', 'strategy', 'status', 'final', 'dev %', 'test %', 'calls'];
  terminal.out(plainTable(head, all.map(row), 5));
}

function row(summary: RunSummary): string[] {
  const { run, manifest, view, status } = summary;
  const { final, dev, test } = scores(summary);
  return [
    run.id,
    manifest.asked.key,
    stepName(formatStrategy(manifest.asked.strategy)),
    summary.madeHere ? status : `${status}, not yours`,
    final === null ? '–' : stepName(final, startName(manifest.start)),
    dev === null ? '–' : dev.toFixed(1),
    test === null ? '–' : test.toFixed(1),
    count(view.usage.calls),
  ];
}

/** Scores of the final state. */
function scores({ view: { result } }: RunSummary) {
  const final = result?.final ?? null;
  const cell = final === null ? undefined : result?.scores[final];
  return { final, dev: cell?.dev ?? null, test: cell?.test ?? null };
}

function asJson(summary: RunSummary) {
  const { run, manifest, madeHere, view, status, pid } = summary;
  const { key: program, seed } = manifest.asked;
  const strategy = formatStrategy(manifest.asked.strategy);
  const { final, dev, test } = scores(summary);
  const { usage, updated } = view;
  return {
    run: run.id,
    program,
    strategy,
    seed,
    status,
    madeHere,
    pid,
    created: manifest.created,
    updated,
    final,
    dev,
    test,
    usage,
  };
}
