import type { Command } from 'commander';
import { resolve } from 'node:path';
import { HumanError, UsageError, messageOf } from '../../base/errors.ts';
import { replaceFile } from '../../base/replaceFile.ts';
import { formatStrategy } from '../../data/strategy.ts';
import { findRun, isMeantBy, listRuns } from '../../run/record/runFolder.ts';
import { readRun } from '../../run/reading/summary.ts';
import type { RunSummary } from '../../run/reading/summary.ts';
import { reportCsv, reportFileName, reportHtml } from '../../report/report.ts';
import type { Reported } from '../../report/report.ts';
import { findComparison, readComparison } from '../../run/compare/comparisonFolder.ts';
import { comparisonTable } from '../../run/text/comparisonTable.ts';
import { requireOwnRun } from '../base/adopting.ts';
import { askTraces } from '../base/consent.ts';
import type { Context } from '../base/context.ts';
import { otlpOf } from '../base/options.ts';
import type { ConsentOptions, OtlpOptions } from '../base/options.ts';
import type { OtlpTarget } from '../../otlp/target.ts';
import type { Terminal } from '../base/terminal.ts';
import { resultTable } from '../../run/text/table.ts';
import { brief, errorText, fromText, plural, shownNumber, startName, stepName } from '../../view/words.ts';
import { proposalText } from '../../view/proposals.ts';
import { readFailures } from '../../run/reading/failures.ts';
import type { Failure } from '../../run/reading/failures.ts';
import type { Manifest } from '../../run/record/manifest.ts';
import { workspaceOf } from '../base/workspace.ts';
import { onScreen, screenBlock, screenJson, screenLines } from '../../run/text/screenText.ts';
import type { ScreenText } from '../../run/text/screenText.ts';

interface Options extends ConsentOptions, OtlpOptions {
  readonly failures?: true;
  readonly json?: true;
  /** A file, or `true` for one of the usual name. */
  readonly html?: string | true;
  readonly csv?: true;
}

const shownFailures = 20;

export function addShow(program: Command, context: Context): void {
  program
    .command('show')
    .description('show what a run or a comparison reached')
    .argument('<run>', 'an id, the beginning or end of one, or "latest"')
    .option('--failures', `the rows that failed and why: the first ${shownFailures}, or with --json all`)
    .option('--json', 'the result as one JSON object on stdout')
    .option('--html [file]', 'write a report that needs nothing but a browser (default: bettertogether-<id>.html)')
    .option('--csv', 'scores, gains and cost of each step as CSV on stdout')
    .option(
      '--otlp <url>',
      'send its program runs and calls as OpenTelemetry spans there, such as http://127.0.0.1:4318',
    )
    .option('--otlp-content', 'with prompts, answers and rows')
    .option('--yes', 'agree to sending them to another machine')
    .action((asked: string, options: Options) => show(context, asked, options));
}

async function show({ terminal }: Context, asked: string, options: Options): Promise<void> {
  const json = options.json === true;
  const otlp = otlpOf(options);
  const reported = await reportedAs(await workspaceOf(terminal.cwd), asked);
  if (otlp !== null) return sendTraces(terminal, reported, otlp, options.yes === true);
  if (options.html !== undefined) return writeReport(terminal, reported, options.html);
  if (options.csv === true) return terminal.out(screenBlock(await reportCsv(reported)));
  if (reported.kind === 'comparison') {
    const comparison = await readComparison(reported.comparison.folder);
    return terminal.out(json ? screenJson(comparison) : comparisonTable(comparison));
  }
  const summary = await readRun(reported.run);
  const { run, manifest, view, status } = summary;
  if (options.failures === true) {
    const failures = await readFailures(run);
    const told = { type: 'failures', run: run.id, failures };
    return terminal.out(json ? screenJson(told) : failureLines(failures, manifest));
  }
  if (!json) return terminal.out(inWords(summary));
  if (view.result === null) throw new HumanError(`Run ${run.id} has no result yet, it is ${status}.`);
  terminal.out(screenJson(view.result));
}

/**
 * Runs and comparisons are known by ids of one form.
 *
 * @throws UsageError when none is meant, or more than one.
 */
async function reportedAs(workspace: string, asked: string): Promise<Reported> {
  const comparison = asked === 'latest' ? null : await findComparison(workspace, asked);
  if (comparison === null) return { kind: 'run', run: await findRun(workspace, asked) };
  const run = (await listRuns(workspace)).find(({ id }) => isMeantBy(id, asked));
  if (run !== undefined && comparison.id !== asked) {
    throw new UsageError(`"${asked}" is run ${run.id} and comparison ${comparison.id}: give more of the id.`);
  }
  return { kind: 'comparison', comparison };
}

async function sendTraces(terminal: Terminal, reported: Reported, otlp: OtlpTarget, yes: boolean): Promise<void> {
  if (reported.kind === 'comparison') throw new UsageError('--otlp sends one run: name one of the comparison.');
  const { run } = reported;
  await requireOwnRun(terminal, run);
  const { manifest } = await readRun(run);
  await askTraces(terminal, manifest.asked, yes, otlp);
  const { sendRun } = await import('../../run/tracing/sendRun.ts');
  const sent = await sendRun(run, otlp);
  terminal.out(onScreen`${plural(sent, 'span')} of run ${run.id} sent to ${new URL(otlp.url).host}\n`);
}

async function writeReport(terminal: Terminal, reported: Reported, asked: string | true): Promise<void> {
  const file = resolve(terminal.cwd, asked === true ? reportFileName(reported) : asked);
  const report = await reportHtml(reported, new Date());
  try {
    await replaceFile(file, report);
  } catch (error) {
    throw new HumanError(`The report could not be written to ${file}: ${messageOf(error)}.`, { cause: error });
  }
  terminal.out(onScreen`${file}\n`);
}

function failureLines(failures: readonly Failure[], { start }: Manifest): ScreenText {
  if (failures.length === 0) return onScreen`no row failed\n`;
  const lines = failures.slice(0, shownFailures).map(({ step, purpose, candidate, example, error }) => {
    const place = [stepName(step, startName(start)), ...placeOf(purpose, candidate)].join(', ');
    return `${place} row ${shownNumber(example)}: ${errorText(error, true)}`;
  });
  const more = failures.length - shownFailures;
  if (more > 0) lines.push(`and ${plural(more, 'more row')}; --json lists all`);
  return screenLines(lines);
}

/** What the row was run for, and last the rows that it is one of: candidates and traces are made from `train`. */
function placeOf(purpose: Failure['purpose'], candidate: number | null): readonly string[] {
  const tried = candidate === null ? [] : [`candidate ${shownNumber(candidate)}`];
  switch (purpose) {
    case 'dev':
    case 'test':
    case 'train':
      return [...tried, purpose];
    case 'bootstrap':
      return [...tried, 'bootstrapping', 'train'];
    case 'reflect':
      return [...tried, 'reflection', 'train'];
    case 'validate':
      return [...tried, 'train'];
    case 'collect':
      return ['collecting traces', 'train'];
    case 'rollout':
      return ['rollouts', 'train'];
  }
}

function inWords({ run, manifest, madeHere, view, status, pid }: RunSummary): ScreenText {
  const { asked, created } = manifest;
  const lines = [
    `run ${run.id}, ${status}${pid === null ? '' : ` (process ${pid})`}`,
    `${asked.key}, ${formatStrategy(asked.strategy)}, seed ${asked.seed}, ${asked.model} on ${asked.endpoint.name}${fromText(manifest.start?.from)}, begun ${created}`,
  ];
  if (!madeHere) lines.push(`not made by you on this machine: \`bettertogether adopt ${run.id}\` takes it over`);
  if (view.stopped !== null) lines.push(`stopped: ${brief(view.stopped.message)}`);
  for (const warning of view.warnings) lines.push(`warning: ${brief(warning, 1000)}`);
  for (const { prefix, proposals } of view.steps) {
    if (proposals !== null) lines.push(`${stepName(prefix)}: ${proposalText(proposals)}`);
  }
  if (madeHere && (status === 'stopped' || status === 'crashed')) {
    lines.push(`\`bettertogether resume ${run.id}\` goes on with it`);
  }
  return onScreen`${screenLines(lines)}\n${resultTable(view)}`;
}
