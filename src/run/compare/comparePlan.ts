/** What a comparison would take: every prefix of every strategy once a seed. */
import type { ComparisonCell } from '../../comparison.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { everyStepOf, stepsIn } from '../../data/strategy.ts';
import { times } from '../../engine/estimate.ts';
import type { PlannedJob } from '../../engine/estimate.ts';
import type { PlannedStep } from '../../engine/plan.ts';
import { makePlan, summedUp } from '../../engine/plan.ts';
import { engineSettings } from '../work/engineSettings.ts';
import type { Datasets } from '../data/loadData.ts';
import { rowsFor } from '../data/loadData.ts';
import type { GivenState } from '../record/importState.ts';
import type { Compose, RunHooks, RunPlan } from '../work/request.ts';
import { planPrices } from '../services/prices.ts';
import { readRunSoFar, isMeasured } from './cellOutcome.ts';
import { prefixesOfAll } from './question.ts';

export interface ComparePlanRequest {
  readonly workspace: string;
  readonly config: ResolvedProgram;
  readonly datasets: Datasets;
  readonly strategies: readonly string[];
  readonly seeds: readonly number[];
  readonly start?: GivenState;
}

/** A prefix of a strategy with one seed: what is worked on once, however many cells share it. */
export const stateKey = (seed: number, prefix: string): string => `${seed}|${prefix}`;

/**
 * Estimates the comparison from a handful of rows as a run is estimated (`--dry-run`). Rows that seeds have in common
 * are counted for each of them, though the memo will know many, and a prefix that is half done is counted whole.
 *
 * @param done the `stateKey`s that need no more work.
 */
export async function planComparison(
  request: ComparePlanRequest,
  compose: Pick<Compose, 'planRun'>,
  hooks: Omit<RunHooks, 'onEvent'>,
  done: ReadonlySet<string> = new Set(),
): Promise<RunPlan> {
  const { workspace, datasets, strategies, seeds, start } = request;
  const config = { ...request.config, strategy: [...everyStepOf(strategies)] };
  const {
    plan: sampled,
    seconds,
    tokenPrices,
    ...rest
  } = await compose.planRun(
    { workspace, config, datasets, budget: config.budget, ...(start === undefined ? {} : { start }) },
    hooks,
  );
  const data = rowsFor(datasets);
  const sizes = { train: data.train.length, dev: data.dev.length, test: data.test?.length ?? 0 };
  const prefixes = prefixesOfAll(strategies);
  const steps = prefixes.flatMap((prefix) => {
    const settings = engineSettings({ ...config, strategy: [...stepsIn(prefix)] }, data.train.length);
    const own = makePlan(settings, sizes, sampled.sample, planPrices(config, tokenPrices)).steps;
    const open = seeds.filter((seed) => !done.has(stateKey(seed, prefix))).length;
    // Without a step the program is the same for every seed.
    const count = prefix === '' ? Math.min(1, open) : open;
    return count === 0 ? [] : own.filter((step) => step.prefix === prefix).map((step) => repeated(step, count));
  });
  const plan = summedUp(sampled.sample, steps);
  const each = seconds === null ? null : seconds.expected / Math.max(1, sampled.calls.expected);
  return {
    ...rest,
    strategy: `${strategies.length} strategies × ${seeds.length} seeds`,
    plan,
    ...(tokenPrices === undefined ? {} : { tokenPrices }),
    seconds: each === null ? null : times(plan.calls, each),
  };
}

/** The states that runs of these cells have reached and measured. */
export async function statesReached(
  cells: readonly ComparisonCell[],
  folderOf: (run: string) => string,
): Promise<ReadonlySet<string>> {
  const reached = new Set<string>();
  for (const { run, seed } of cells) {
    const view = run === null ? undefined : (await readRunSoFar(folderOf(run)))?.view;
    const withTest = view?.started?.splits.test !== null;
    for (const step of view?.steps ?? []) if (isMeasured(step, withTest)) reached.add(stateKey(seed, step.prefix));
  }
  return reached;
}

function repeated(step: PlannedStep, count: number): PlannedStep {
  const { job } = step;
  return {
    ...step,
    calls: times(step.calls, count),
    inputTokens: times(step.inputTokens, count),
    outputTokens: times(step.outputTokens, count),
    usd: times(step.usd, count),
    ...(job === undefined ? {} : { job: repeatedJob(job, count) }),
  };
}

function repeatedJob({ jobs = 1, rows, tokens, usd }: PlannedJob, count: number): PlannedJob {
  return { jobs: jobs * count, rows: times(rows, count), tokens: times(tokens, count), usd: times(usd, count) };
}
