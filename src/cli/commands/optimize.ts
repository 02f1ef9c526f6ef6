import { Option } from 'commander';
import type { Command } from 'commander';
import { checkAgreed } from '../../config/agreed.ts';
import { loadConfig } from '../../config/load.ts';
import { resolveProgram } from '../../config/resolve.ts';
import { engineSettings } from '../../run/work/engineSettings.ts';
import { createRun, removeUnbegun } from '../../run/record/createRun.ts';
import { loadDatasets, rowsFor } from '../../run/data/loadData.ts';
import type { PlanRequest, RunPlan } from '../../run/work/request.ts';
import { askConsent } from '../base/consent.ts';
import type { Context } from '../base/context.ts';
import { abortOnInterrupt } from '../base/interrupt.ts';
import {
  otlpOf,
  overridesOf,
  withBudgetOptions,
  withConsentOption,
  withOtlpOptions,
  withProgramOptions,
} from '../base/options.ts';
import type { ConsentOptions, OtlpOptions, ProgramOptions } from '../base/options.ts';
import { stateNamed } from '../base/stateNamed.ts';
import { writeLatticeRequest } from '../../run/record/stateFile.ts';
import { planTable } from '../../run/text/planTable.ts';
import { priceLines } from '../../run/text/price.ts';
import { runUntilDone } from '../base/runUntilDone.ts';
import { onScreen, screenJson } from '../../run/text/screenText.ts';

interface Options extends ProgramOptions, ConsentOptions, OtlpOptions {
  readonly dryRun?: true;
  readonly from?: string;
  readonly lattice?: true;
  readonly json?: true;
  readonly agreed?: string;
}

export function addOptimize(program: Command, context: Context): void {
  const command = program
    .command('optimize')
    .description('make a program better: search prompts (p) and fine-tune weights (w) in turn')
    .argument('<program>', 'a key of bettertogether.json, or file#export')
    .option('--strategy <steps>', 'steps in order, such as "p -> w -> p"')
    .option('--lattice', 'also measure every prompt set found with every weight set found')
    .option('--from <run|file>', 'start from a run (its final state), an exported state, or one that DSPy saved');
  withOtlpOptions(withConsentOption(withBudgetOptions(withProgramOptions(command))))
    .option('--dry-run', 'say what the run would take, and do not start it')
    .option('--json', 'one event a line on stdout, and last the result')
    .addOption(new Option('--agreed <hash>', 'refuse settings other than those that were agreed to').hideHelp())
    .action((asked: string, options: Options) => optimize(context, asked, options));
}

async function optimize(context: Context, asked: string, options: Options): Promise<void> {
  const { terminal } = context;
  const otlp = otlpOf(options);
  const { workspace, config: loaded, file } = await loadConfig(terminal.cwd);
  const config = await resolveProgram({ workspace, config: loaded, file }, asked, overridesOf(options), terminal.cwd);
  // Before code that builds data is run.
  if (options.agreed !== undefined) checkAgreed(config, options.agreed);
  const datasets = await loadDatasets(config, workspace);
  const data = rowsFor(datasets);
  // What can be seen to be wrong before anything is started.
  engineSettings(config, data.train.length);
  const json = options.json === true;
  const yes = options.yes === true;
  const from = options.from === undefined ? undefined : await stateNamed(workspace, options.from, terminal.cwd);
  const start = from === undefined ? {} : { start: from };
  const planned = { workspace, config, datasets, budget: config.budget, ...start };
  if (options.dryRun === true) {
    await askConsent(terminal, config, yes, 'estimate');
    const plan = await estimate(context, planned);
    return terminal.out(json ? screenJson(plan) : planTable(plan, config));
  }
  const price = async () => priceLines(await estimate(context, planned), config, config.budget);
  const consent = await askConsent(terminal, config, yes, 'run', price, otlp);
  const run = await createRun(workspace, config, data.hashes, consent, new Date(), from);
  try {
    if (options.lattice === true) await writeLatticeRequest(run.folder, []);
    const asked = { workspace, config, datasets, run, resumed: false, budget: config.budget };
    await runUntilDone(context, { ...asked, ...(otlp === null ? {} : { otlp }) }, json);
  } catch (error) {
    await removeUnbegun(run);
    throw error;
  }
}

async function estimate({ terminal, compose }: Context, request: PlanRequest): Promise<RunPlan> {
  const say = (line: string): void => {
    terminal.err(onScreen`${line}\n`);
  };
  const stop = abortOnInterrupt(terminal, 'stopping.', say, 'The estimate was cancelled.');
  try {
    return await compose.planRun(request, { signal: stop.signal, log: say });
  } finally {
    stop.dispose();
  }
}
