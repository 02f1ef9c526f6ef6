import { Option } from 'commander';
import type { Command } from 'commander';
import { comparisonRows, comparisonTotals } from '../../comparison.ts';
import type { Comparison } from '../../comparison.ts';
import { loadConfig } from '../../config/load.ts';
import { checkPrices, resolveProgram } from '../../config/resolve.ts';
import { parseStrategies } from '../../data/strategy.ts';
import { stepNames } from '../../config/steps.ts';
import { HumanError } from '../../base/errors.ts';
import { BudgetExhausted, Cancelled } from '../../engine/errors.ts';
import { watchForCancel } from '../../run/record/cancelRequest.ts';
import { workOnComparison } from '../../run/compare/compare.ts';
import type { CompareHooks, CompareRequest } from '../../run/compare/compare.ts';
import { planComparison } from '../../run/compare/comparePlan.ts';
import type { ComparePlanRequest } from '../../run/compare/comparePlan.ts';
import { comparisonFiles } from '../../run/compare/comparisonFolder.ts';
import { beginComparison, busy, findSame, isComplete, reopenComparison } from '../../run/compare/openComparison.ts';
import type { OpenComparison } from '../../run/compare/openComparison.ts';
import { parseSeeds } from '../../run/compare/question.ts';
import { livingHolder } from '../../run/record/lock.ts';
import { loadDatasets, rowsFor } from '../../run/data/loadData.ts';
import { engineSettings } from '../../run/work/engineSettings.ts';
import type { RunPlan } from '../../run/work/request.ts';
import { comparisonMarkdown, comparisonTable, restInWords } from '../../run/text/comparisonTable.ts';
import { planTable } from '../../run/text/planTable.ts';
import { priceLines } from '../../run/text/price.ts';
import { plural } from '../../view/words.ts';
import { ComparisonProgress } from '../base/comparisonProgress.ts';
import { askConsent } from '../base/consent.ts';
import type { Context } from '../base/context.ts';
import { abortOnInterrupt } from '../base/interrupt.ts';
import {
  capsOf,
  otlpOf,
  overridesOf,
  withBudgetOptions,
  withConsentOption,
  withOtlpOptions,
  withProgramOptions,
} from '../base/options.ts';
import type { ConsentOptions, OtlpOptions, ProgramOptions } from '../base/options.ts';
import { stateNamed } from '../base/stateNamed.ts';
import { onScreen, screenJson } from '../../run/text/screenText.ts';

interface Options extends ProgramOptions, ConsentOptions, OtlpOptions {
  readonly strategies: string;
  readonly seeds?: string;
  readonly lattice?: true;
  readonly from?: string;
  readonly dryRun?: true;
  readonly json?: true;
  readonly markdown?: true;
}

/** The paper averages over three. */
const defaultSeeds = '0,1,2';

export function addCompare(program: Command, context: Context): void {
  const command = program
    .command('compare')
    .description("make the paper's table for a program: strategies × seeds, shared steps once, one budget for all")
    .argument('<program>', 'a key of bettertogether.json, or file#export')
    .option('--strategies <list>', '"all" (the paper\'s eight), or some, separated by commas: "p,w,p -> w"', 'all')
    .option('--seeds <list>', `seeds, separated by commas (default: ${defaultSeeds}, or the one of --seed)`);
  withOtlpOptions(withConsentOption(withBudgetOptions(withProgramOptions(command))))
    .option('--lattice', 'also measure every prompt set found with every weight set found, seed by seed')
    .option('--from <run|file>', 'start from a run (its final state), an exported state, or one that DSPy saved')
    .option('--dry-run', 'say what the comparison would take, and do not start it')
    .addOption(new Option('--json', 'the comparison as one JSON object on stdout').conflicts('markdown'))
    .option('--markdown', 'the table as Markdown')
    .addHelpText('after', '\nThe same command goes on with a comparison that was stopped, was killed or had failures.')
    .action((asked: string, options: Options) => compare(context, asked, options));
}

async function compare(context: Context, asked: string, options: Options): Promise<void> {
  const { terminal } = context;
  const otlp = otlpOf(options);
  const question = await readQuestion(context, asked, options);
  const { workspace, config } = question;
  const consent = await askConsent(
    terminal,
    config,
    options.yes === true,
    options.dryRun === true ? 'estimate' : 'run',
    options.dryRun === true
      ? undefined
      : async () => priceLines(await estimate(context, question), config, config.budget),
    otlp,
  );
  const request = { ...question, consent, ...(otlp === null ? {} : { otlp }) };
  if (options.dryRun === true) {
    const plan = await estimate(context, request);
    return terminal.out(options.json === true ? screenJson(plan) : planTable(plan, config));
  }
  const same = await findSame(workspace, request);
  if (same !== null && isComplete(same.comparison, question.lattice)) {
    terminal.err(onScreen`This was compared before and nothing has changed since; here is the table again.\n`);
    return print(context, same.comparison, options);
  }
  const holder = same === null ? null : livingHolder(comparisonFiles(same.location.folder).lock);
  if (same !== null && holder !== null) throw busy(same.location, holder);
  const budget = { ...(same?.comparison.budget ?? config.budget), ...capsOf(options) };
  checkPrices(config, budget);
  const open =
    same === null
      ? await beginComparison(workspace, request, budget)
      : await reopenComparison(workspace, same.location, budget);
  if (same !== null) terminal.err(onScreen`going on with comparison ${same.location.id}\n`);
  await workAndPrint(context, open, request, options);
}

/** Everything that can be seen to be wrong before anything is started. */
async function readQuestion(
  { terminal }: Context,
  asked: string,
  options: Options,
): Promise<Omit<CompareRequest, 'consent'>> {
  const seeds = parseSeeds(options.seeds ?? (options.seed === undefined ? defaultSeeds : String(options.seed)));
  const loaded = await loadConfig(terminal.cwd);
  const overrides = { ...overridesOf(options), strategies: options.strategies, seed: seeds[0]! };
  const config = await resolveProgram(loaded, asked, overrides, terminal.cwd);
  const strategies = parseStrategies(options.strategies, stepNames(config.steps));
  const datasets = await loadDatasets(config, loaded.workspace);
  const data = rowsFor(datasets);
  engineSettings(config, data.train.length);
  const { workspace } = loaded;
  const start = options.from === undefined ? {} : { start: await stateNamed(workspace, options.from, terminal.cwd) };
  const lattice = options.lattice === true;
  return { workspace, config, strategies, seeds, lattice, datasets, data: data.hashes, ...start };
}

async function estimate({ terminal, compose }: Context, request: ComparePlanRequest): Promise<RunPlan> {
  const say = (line: string): void => {
    terminal.err(onScreen`${line}\n`);
  };
  const stop = abortOnInterrupt(terminal, 'stopping.', say, 'The estimate was cancelled.');
  try {
    return await planComparison(request, compose, { signal: stop.signal, log: say });
  } finally {
    stop.dispose();
  }
}

async function workAndPrint(
  context: Context,
  open: OpenComparison,
  request: CompareRequest,
  options: Options,
): Promise<void> {
  const { terminal, compose } = context;
  const progress = new ComparisonProgress(terminal);
  const say = (line: string): void => {
    progress.line(line);
  };
  const stop = abortOnInterrupt(terminal, 'stopping; the same command goes on from here. Ctrl-C again kills.', say);
  const hooks: CompareHooks = {
    signal: stop.signal,
    log: say,
    onEvent: (event) => {
      progress.onEvent(event);
    },
    onRun: (work, run, comparison) => {
      progress.begin(work, comparison);
      const unwatch = watchForCancel(run.folder, () => {
        stop.abort('stopping, as `bettertogether cancel` asked; the same command goes on from here.');
      });
      return () => {
        unwatch();
        progress.endRun();
      };
    },
  };
  try {
    print(context, await workOnComparison({ open, request, hooks, compose }), options);
  } catch (error) {
    throw tellStopped(context, open.comparison, options, error);
  } finally {
    progress.end();
    stop.dispose();
    await open.close();
  }
  const { cells, lattices } = open.comparison;
  const failed = [...cells, ...lattices].filter(({ status }) => status === 'failed').length;
  if (failed > 0) {
    throw new HumanError(`${plural(failed, 'cell')} failed; see above. The same command tries again.`);
  }
}

/** What is there so far, and the error that people are to hear of: of the comparison, not of one run of it. */
function tellStopped(context: Context, comparison: Comparison, options: Options, error: unknown): unknown {
  const { stopped, cells } = comparison;
  if (cells.some(({ status }) => status === 'done') || options.json === true) print(context, comparison, options);
  if (error instanceof Cancelled) {
    return new HumanError('The comparison was stopped. The same command goes on with it.', { exit: error.exit });
  }
  if (!(error instanceof BudgetExhausted) || stopped === null) return error;
  const sentences = [stopped.message, restInWords(stopped), 'The same command with a higher cap (--budget-…) goes on.'];
  return new HumanError(sentences.filter((sentence) => sentence !== null).join(' '), { exit: error.exit });
}

function print({ terminal }: Context, comparison: Comparison, { json, markdown }: Options): void {
  if (json === true) terminal.out(screenJson(asJson(comparison)));
  else if (markdown === true) terminal.out(comparisonMarkdown(comparison));
  else terminal.out(onScreen`\n${comparisonTable(comparison)}`);
}

/** The record with the table that follows from it. */
function asJson(comparison: Comparison) {
  const rows = comparisonRows(comparison).map(({ strategy, dev, test }) => ({ strategy, dev, test }));
  return { ...comparison, rows, ...comparisonTotals(comparison) };
}
