import type { Command } from 'commander';
import { checkPrices } from '../../config/resolve.ts';
import { HumanError } from '../../base/errors.ts';
import { loadDatasets, rowsFor } from '../../run/data/loadData.ts';
import { elsewhere, livingHolder, nameOf } from '../../run/record/lock.ts';
import { checkUnchanged, readOwnManifest, writeManifest } from '../../run/record/manifest.ts';
import { findRun, runFiles } from '../../run/record/runFolder.ts';
import type { RunLocation } from '../../run/record/runFolder.ts';
import { readRun } from '../../run/reading/summary.ts';
import { requireOwnRun } from '../base/adopting.ts';
import { askConsentAgain } from '../base/consent.ts';
import type { Context } from '../base/context.ts';
import { capsOf, otlpOf, withBudgetOptions, withConsentOption, withOtlpOptions } from '../base/options.ts';
import type { BudgetOptions, ConsentOptions, OtlpOptions } from '../base/options.ts';
import { runUntilDone } from '../base/runUntilDone.ts';
import { resultTable } from '../../run/text/table.ts';
import { workspaceOf } from '../base/workspace.ts';
import { onScreen, screenJson } from '../../run/text/screenText.ts';

interface Options extends BudgetOptions, ConsentOptions, OtlpOptions {
  readonly job?: string;
  readonly json?: true;
}

export function addResume(program: Command, context: Context): void {
  const command = program
    .command('resume')
    .description('go on with a run that was stopped, killed or ran out of budget')
    .argument('<run>', 'an id, the beginning or end of one, or "latest"');
  withOtlpOptions(withConsentOption(withBudgetOptions(command)))
    .option('--job <id>', 'the id of a training job that a crash lost, where the service cannot list; "none": send it')
    .option('--json', 'one event a line on stdout, and last the result')
    .action((asked: string, options: Options) => resume(context, asked, options));
}

/** Everything comes from the manifest; only caps, and where spans are sent, may be new. */
async function resume(context: Context, asked: string, options: Options): Promise<void> {
  const { terminal } = context;
  const otlp = otlpOf(options);
  const workspace = await workspaceOf(terminal.cwd);
  const run = await findRun(workspace, asked);
  const json = options.json === true;
  const { view } = await readRun(run);
  // Asked for before it is taken over: what a process writes meanwhile would not be.
  if (view.result === null) checkNobodyWorksOn(run);
  await requireOwnRun(terminal, run);
  if (view.result !== null) {
    terminal.err(onScreen`run ${run.id} has finished; there is nothing to go on with.\n`);
    terminal.out(json ? screenJson(view.result) : onScreen`\n${resultTable(view)}`);
    return;
  }
  const manifest = await readOwnManifest(run.folder);
  const config = { ...manifest.asked, budget: { ...manifest.asked.budget, ...capsOf(options) } };
  checkPrices(config, config.budget);
  const datasets = await loadDatasets(config, workspace);
  const { hashes } = rowsFor(datasets);
  // The editor makes the folder and resumes at once: then this is the first session, and its rows are those it loads.
  const resumed = view.started !== null;
  if (resumed) checkUnchanged(manifest, { data: hashes }, workspace);
  checkNobodyWorksOn(run);
  const consent = [...(await askConsentAgain(terminal, config, options.yes === true, manifest.consent, otlp))];
  await writeManifest(run.folder, { ...manifest, asked: config, data: hashes, consent });
  const lostJob = options.job === undefined ? {} : { lostJob: options.job };
  const traced = otlp === null ? {} : { otlp };
  const again = { workspace, config, datasets, run, resumed, budget: config.budget, ...lostJob, ...traced };
  await runUntilDone(context, again, json);
}

function checkNobodyWorksOn({ id, folder }: RunLocation): void {
  const { lock } = runFiles(folder);
  const holder = livingHolder(lock);
  if (holder === null) return;
  throw new HumanError(
    `${nameOf(holder)} is working on run ${id}. Wait for it, or stop it with ` +
      `\`bettertogether cancel ${id}\`.${elsewhere(holder, lock)}`,
  );
}
