import type { Command } from 'commander';
import { formatStrategy } from '../../data/strategy.ts';
import { accountFault, ofLaterVersion, readRuns } from '../../run/reading/summary.ts';
import type { RunSummary, UnreadableRun } from '../../run/reading/summary.ts';
import type { Context } from '../base/context.ts';
import { plainTable } from '../../run/text/table.ts';
import { brief, count, startName, stepName } from '../../view/words.ts';
import { workspaceOf } from '../base/workspace.ts';
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
  const listed = all.map((summary) => ({ ...summary, fault: accountFault(summary) }));
  const faults = [...unreadable.map(({ reason }) => reason), ...listed.flatMap(({ fault }) => fault ?? [])];
  terminal.err(screenLines(faults.map((fault) => brief(fault, 500))));
  const later = unreadable.flatMap(laterRow);
  if (json) return terminal.out(screenJson({ runs: listed.map(asJson), unreadable: unreadable.map(unreadableJson) }));
  if (all.length + later.length === 0)
    return terminal.err(onScreen`no runs yet: \`bettertogether optimize <program>\` starts one\n`);
  const head = ['run', 'program', 'strategy', 'status', 'final', 'dev %', 'test %', 'calls'];
  terminal.out(plainTable(head, [...listed.map(row), ...later].toSorted(byId), 5));
}

interface Listed extends RunSummary {
  /** See `accountFault`. */
  readonly fault: string | null;
}

function row(summary: Listed): string[] {
  const { run, manifest, view } = summary;
  const { final, dev, test } = scores(summary);
  return [
    run.id,
    manifest.asked.key,
    stepName(formatStrategy(manifest.asked.strategy)),
    statusText(summary),
    final === null ? '–' : stepName(final, startName(manifest.start)),
    dev === null ? '–' : dev.toFixed(1),
    test === null ? '–' : test.toFixed(1),
    count(view.usage.calls),
  ];
}

/** One of a later version is a run too, of which nothing more can be said. */
function laterRow({ run, later }: UnreadableRun): string[][] {
  return later === null ? [] : [[run.id, '–', '–', ofLaterVersion(later), '–', '–', '–', '–']];
}

const byId = ([a = '']: readonly string[], [b = '']: readonly string[]): number => (a < b ? -1 : 1);

function statusText({ status, madeHere, fault }: Listed): string {
  if (!madeHere) return `${status}, not yours`;
  return fault === null ? status : `${status}, account damaged`;
}

/** A run that is there and cannot be read: `laterVersion` names the version that wrote it where it came after this one. */
function unreadableJson({ run, reason, later }: UnreadableRun) {
  return { run: run.id, reason, laterVersion: later?.version ?? null };
}

/** Scores of the final state. */
function scores({ view: { result } }: RunSummary) {
  const final = result?.final ?? null;
  const cell = final === null ? undefined : result?.scores[final];
  return { final, dev: cell?.dev ?? null, test: cell?.test ?? null };
}

function asJson(summary: Listed) {
  const { run, manifest, madeHere, view, status, pid, fault } = summary;
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
    accountFault: fault,
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
