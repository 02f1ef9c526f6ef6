import type { LmRecord, ProgramOutcome } from '../data/trace.ts';
import { recordsOf } from '../data/trace.ts';
import { candidatePlans } from './promptSearch.ts';
import type { OptimizeSettings } from './settings.ts';
import type { StepKind } from './strategy.ts';
import { formatStrategy } from './strategy.ts';

/** LM calls of one kind. */
interface SampledCalls {
  /** Per program run. */
  readonly calls: number;
  /** Per call; `null` where the endpoint reports no tokens. */
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
}

/** What a handful of real program runs showed (or the memo, for nothing). All calls, the metric's among them. */
export interface Sample extends SampledCalls {
  readonly runs: number;
  readonly paidCalls: number;
  /** Share of correct runs. */
  readonly correct: number;
  /** Those of them that are in no trace, a judge's: no demo lengthens them, and nothing is trained on them. */
  readonly metric?: SampledCalls;
}

/**
 * `expected` assumes the sample's success rate and no early stopping; `most` that nothing ever succeeds before the last
 * try, and that prompts have as many demos as they may.
 */
export interface Estimate {
  readonly expected: number;
  readonly most: number;
}

export interface PlannedStep {
  readonly prefix: string;
  readonly kind: StepKind | 'score';
  readonly calls: Estimate;
  readonly inputTokens: Estimate | null;
  readonly outputTokens: Estimate | null;
  readonly usd: Estimate | null;
  /** Training rows and tokens of a weight step's job. */
  readonly job?: { readonly rows: Estimate; readonly tokens: Estimate | null };
}

export interface Plan {
  readonly sample: Sample;
  readonly steps: readonly PlannedStep[];
  readonly calls: Estimate;
  readonly inputTokens: Estimate | null;
  readonly outputTokens: Estimate | null;
  readonly usd: Estimate | null;
  readonly jobs: number;
}

export interface PlanPrices {
  /** US dollars of so many tokens of calls or a job; `null` where no price is known. */
  call(inputTokens: number, outputTokens: number): number | null;
  training(tokens: number): number | null;
}

export interface PlanSizes {
  readonly train: number;
  readonly dev: number;
  readonly test: number;
}

/** Sums up program runs as a sample. */
export function sampleOf(
  runs: readonly (Pick<ProgramOutcome, 'trace' | 'untraced'> & { readonly correct: boolean })[],
  paidCalls: number,
): Sample {
  const program = sampled(
    runs.flatMap(({ trace }) => recordsOf({ trace })),
    runs.length,
  );
  const metric = sampled(
    runs.flatMap(({ untraced = [] }) => untraced),
    runs.length,
  );
  const correct = runs.filter((run) => run.correct).length / Math.max(1, runs.length);
  return {
    runs: runs.length,
    paidCalls,
    correct,
    ...(metric.calls === 0 ? program : { ...together(program, metric), metric }),
  };
}

function sampled(records: readonly LmRecord[], runs: number): SampledCalls {
  const usages = records.flatMap(({ usage }) => (usage === null ? [] : [usage]));
  const mean = (values: readonly number[]) => (values.length === 0 ? null : sum(values) / values.length);
  return {
    calls: records.length / Math.max(1, runs),
    inputTokens: mean(usages.map(({ inputTokens }) => inputTokens)),
    outputTokens: mean(usages.map(({ outputTokens }) => outputTokens)),
  };
}

function together(a: SampledCalls, b: SampledCalls): SampledCalls {
  const calls = a.calls + b.calls;
  const mean = (key: 'inputTokens' | 'outputTokens') =>
    a.calls === 0 ? b[key] : a[key] === null || b[key] === null ? null : (a.calls * a[key] + b.calls * b[key]) / calls;
  return { calls, inputTokens: mean('inputTokens'), outputTokens: mean('outputTokens') };
}

/** The calls of the program's own predictors. */
function programCalls({ calls, inputTokens, outputTokens, metric = noCalls }: Sample): SampledCalls {
  const own = calls - metric.calls;
  const mean = (all: number | null, judged: number | null) =>
    all === null || judged === null ? null : own === 0 ? 0 : (calls * all - metric.calls * judged) / own;
  return {
    calls: own,
    inputTokens: mean(inputTokens, metric.inputTokens),
    outputTokens: mean(outputTokens, metric.outputTokens),
  };
}

const noCalls: SampledCalls = { calls: 0, inputTokens: 0, outputTokens: 0 };

/** Program runs with so many demos in each prompt that the sample's did not have. */
interface Runs {
  readonly runs: Estimate;
  readonly demos: Estimate;
}

const noDemos: Estimate = { expected: 0, most: 0 };

/** What a strategy will take: program runs by the schedule, tokens by the sample, dollars by the prices. */
export function makePlan(settings: OptimizeSettings, sizes: PlanSizes, sample: Sample, prices: PlanPrices): Plan {
  const scoring = both(sizes.dev + sizes.test);
  const steps = [plannedStep('', 'score', [{ runs: scoring, demos: noDemos }], sample, prices)];
  // The demos of the program as each step leaves it; the first step's teacher is the program as it was sampled.
  let demos: Estimate | null = null;
  settings.strategy.forEach((kind, index) => {
    const prefix = formatStrategy(settings.strategy.slice(0, index + 1));
    const after: Estimate | null =
      kind === 'p' ? demosFound(settings) : settings.w.prompts === 'vanilla' ? null : demos;
    const work = kind === 'p' ? searchRuns(settings, sample, demos) : tuningRuns(settings, sizes, sample, demos, after);
    const step = plannedStep(prefix, kind, work, sample, prices);
    const training = kind === 'w' ? trainingOf(settings, sizes, sample, demos ?? noDemos, prices) : null;
    steps.push(training === null ? step : { ...step, usd: plus(step.usd, training.usd), job: training.job });
    steps.push(plannedStep(prefix, 'score', [{ runs: scoring, demos: after ?? noDemos }], sample, prices));
    demos = after;
  });
  const total = (pick: (step: PlannedStep) => Estimate | null) => steps.map(pick).reduce(plus);
  return {
    sample,
    steps,
    calls: total(({ calls }) => calls)!,
    inputTokens: total(({ inputTokens }) => inputTokens),
    outputTokens: total(({ outputTokens }) => outputTokens),
    usd: total(({ usd }) => usd),
    jobs: settings.strategy.filter((kind) => kind === 'w').length,
  };
}

/** Demos a predictor has after a prompt search: those of the candidates, any of which may win. */
function demosFound({ p }: OptimizeSettings): Estimate {
  const most = Math.max(p.maxBootstrappedDemos, p.maxLabeledDemos);
  const each = candidatePlans(p).map(({ source, size }) =>
    source === 'zeroShot' ? 0 : Math.max(size, p.maxLabeledDemos),
  );
  return { expected: sum(each) / each.length, most };
}

/** @param demos of the teacher, where an earlier search found some. */
function searchRuns(settings: OptimizeSettings, { correct }: Sample, demos: Estimate | null): readonly Runs[] {
  const { p } = settings;
  const plans = candidatePlans(p);
  const bootstraps = plans.filter(({ source }) => source === 'bootstrap');
  const rate = 1 - (1 - correct) ** p.rounds;
  const rows = bootstraps.map(({ size }) => Math.min(p.train, size / Math.max(rate, 1e-9)));
  // Without labelled demos of its own the teacher's prompt is the same for all candidates, and so are its traces. A
  // search that finds no demos leaves the teacher without: at most it is labelled again.
  const shared = p.maxLabeledDemos === 0 || demos !== null;
  const distinct = p.maxLabeledDemos > 0 ? bootstraps.length : Math.min(1, bootstraps.length);
  const bootstrapped = shared ? Math.min(p.train, sum(rows)) : sum(rows);
  const labelled = p.maxLabeledDemos;
  return [
    { runs: both(plans.length * p.validation), demos: demosFound(settings) },
    {
      runs: { expected: bootstrapped * tries(correct, p.rounds), most: distinct * p.train * p.rounds },
      demos: { expected: demos?.expected ?? labelled, most: Math.max(demos?.most ?? 0, labelled) },
    },
  ];
}

/** The program as it is makes the traces; what comes of them is tried on dev where the job keeps checkpoints. */
function tuningRuns(
  { w }: OptimizeSettings,
  { train, dev }: PlanSizes,
  { correct }: Sample,
  before: Estimate | null,
  after: Estimate | null,
): readonly Runs[] {
  return [
    { runs: { expected: train * tries(correct, w.rounds), most: train * w.rounds }, demos: before ?? noDemos },
    // Whether a service keeps checkpoints is known when it has trained.
    { runs: { expected: 0, most: (w.checkpoints ?? 0) * dev }, demos: after ?? noDemos },
  ];
}

/** How often an example is run until its trace is correct. */
function tries(correct: number, rounds: number): number {
  return Math.min(rounds, (1 - (1 - correct) ** rounds) / Math.max(correct, 1e-9));
}

function trainingOf(
  { w }: OptimizeSettings,
  { train }: PlanSizes,
  sample: Sample,
  demos: Estimate,
  prices: PlanPrices,
) {
  const { calls, inputTokens, outputTokens } = programCalls(sample);
  const kept = 1 - (1 - sample.correct) ** w.rounds;
  const each = calls * (w.prompts === 'both' ? 2 : 1);
  const rows = { expected: Math.round(train * kept * each), most: Math.ceil(train * each) };
  if (inputTokens === null || outputTokens === null) return { job: { rows, tokens: null }, usd: null };
  const row = inputTokens + outputTokens;
  // Rows with the current prompts have its demos, those with the vanilla ones none; `both` makes one of each.
  const share = { vanilla: 0, both: 0.5, current: 1 }[w.prompts];
  const tokensOf = (key: keyof Estimate) =>
    Math.round(rows[key] * row * (1 + share * demos[key]) * w.hyperParameters.epochs);
  const tokens = { expected: tokensOf('expected'), most: tokensOf('most') };
  const [expected, most] = [prices.training(tokens.expected), prices.training(tokens.most)];
  return { job: { rows, tokens }, usd: expected === null || most === null ? null : { expected, most } };
}

/** Demos lengthen a predictor's prompt by about one call's input and output each. */
function plannedStep(
  prefix: string,
  kind: PlannedStep['kind'],
  work: readonly Runs[],
  sample: Sample,
  prices: PlanPrices,
): PlannedStep {
  const { metric = noCalls } = sample;
  const program = programCalls(sample);
  const add = (of: (runs: number, demos: number) => number): Estimate => ({
    expected: Math.round(sum(work.map(({ runs, demos }) => of(runs.expected, demos.expected)))),
    most: Math.round(sum(work.map(({ runs, demos }) => of(runs.most, demos.most)))),
  });
  const calls = add((runs) => runs * sample.calls);
  const { inputTokens: input, outputTokens: output } = program;
  const { inputTokens: judgeInput, outputTokens: judgeOutput } = metric;
  if (input === null || output === null || judgeInput === null || judgeOutput === null) {
    return { prefix, kind, calls, inputTokens: null, outputTokens: null, usd: null };
  }
  const inputTokens = add(
    (runs, demos) => runs * (program.calls * (input + demos * (input + output)) + metric.calls * judgeInput),
  );
  const outputTokens = add((runs) => runs * (program.calls * output + metric.calls * judgeOutput));
  const expected = prices.call(inputTokens.expected, outputTokens.expected);
  const most = prices.call(inputTokens.most, outputTokens.most);
  const usd = expected === null || most === null ? null : { expected, most };
  return { prefix, kind, calls, inputTokens, outputTokens, usd };
}

const both = (value: number): Estimate => ({ expected: value, most: value });

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function plus(a: Estimate | null, b: Estimate | null): Estimate | null {
  return a === null || b === null ? null : { expected: a.expected + b.expected, most: a.most + b.most };
}
