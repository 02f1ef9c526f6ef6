import type { TraceCall } from '../data/trace.ts';
import { candidatePlans } from './promptSearch.ts';
import type { OptimizeSettings } from './settings.ts';
import type { StepKind } from './strategy.ts';
import { formatStrategy } from './strategy.ts';

/** What a handful of real program runs showed (or the memo, for nothing). */
export interface Sample {
  readonly runs: number;
  readonly paidCalls: number;
  /** Share of correct runs. */
  readonly correct: number;
  /** Per program run. */
  readonly calls: number;
  /** Per call; `null` where the endpoint reports no tokens. */
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
}

/** `expected` assumes the sample's success rate and no early stopping; `most` that nothing ever succeeds before the last try. */
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
  /** US dollars of so many tokens of one call or job; `null` where no price is known. */
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
  runs: readonly { readonly trace: readonly TraceCall[]; readonly correct: boolean }[],
  paidCalls: number,
): Sample {
  const records = runs.flatMap(({ trace }) => trace.flatMap(({ lm }) => lm));
  const usages = records.flatMap(({ usage }) => (usage === null ? [] : [usage]));
  const mean = (values: readonly number[]) =>
    values.length === 0 ? null : values.reduce((total, value) => total + value, 0) / values.length;
  return {
    runs: runs.length,
    paidCalls,
    correct: runs.filter(({ correct }) => correct).length / Math.max(1, runs.length),
    calls: records.length / Math.max(1, runs.length),
    inputTokens: mean(usages.map(({ inputTokens }) => inputTokens)),
    outputTokens: mean(usages.map(({ outputTokens }) => outputTokens)),
  };
}

/** What a strategy will take: program runs by the schedule, tokens by the sample, dollars by the prices. */
export function makePlan(settings: OptimizeSettings, sizes: PlanSizes, sample: Sample, prices: PlanPrices): Plan {
  const scoring = sizes.dev + sizes.test;
  const steps: PlannedStep[] = [plannedStep('', 'score', { expected: scoring, most: scoring }, 0, sample, prices)];
  settings.strategy.forEach((kind, index) => {
    const prefix = formatStrategy(settings.strategy.slice(0, index + 1));
    const demos = kind === 'p' ? (settings.p.maxBootstrappedDemos + settings.p.maxLabeledDemos) / 2 : 0;
    const step = plannedStep(prefix, kind, runsOf(kind, settings, sizes, sample), demos, sample, prices);
    const training = kind === 'w' ? trainingOf(settings, sizes, sample, prices) : null;
    steps.push(training === null ? step : { ...step, usd: plus(step.usd, training.usd), job: training.job });
    steps.push(plannedStep(prefix, 'score', { expected: scoring, most: scoring }, demos, sample, prices));
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

/** Program runs of a step. */
function runsOf(kind: StepKind, { p, w }: OptimizeSettings, { train }: PlanSizes, { correct }: Sample): Estimate {
  const retries = (rounds: number) => (1 - (1 - correct) ** rounds) / Math.max(correct, 1e-9);
  if (kind === 'w') return { expected: train * Math.min(w.rounds, retries(w.rounds)), most: train * w.rounds };
  const plans = candidatePlans(p);
  const bootstraps = plans.filter(({ source }) => source === 'bootstrap');
  const rate = 1 - (1 - correct) ** p.rounds;
  const tries = Math.min(p.rounds, retries(p.rounds));
  const rows = bootstraps.map(({ size }) => Math.min(p.train, size / Math.max(rate, 1e-9)));
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  // Without labelled demos the teacher's prompt is the same for all candidates, and so are its traces.
  const distinct = p.maxLabeledDemos > 0 ? bootstraps.length : Math.min(1, bootstraps.length);
  const bootstrapped = p.maxLabeledDemos > 0 ? sum(rows) : Math.min(p.train, sum(rows));
  return {
    expected: plans.length * p.validation + bootstrapped * tries,
    most: plans.length * p.validation + distinct * p.train * p.rounds,
  };
}

function trainingOf({ w }: OptimizeSettings, { train }: PlanSizes, sample: Sample, prices: PlanPrices) {
  const kept = 1 - (1 - sample.correct) ** w.rounds;
  const each = sample.calls * (w.prompts === 'both' ? 2 : 1);
  const rows = { expected: Math.round(train * kept * each), most: Math.ceil(train * each) };
  const { inputTokens, outputTokens } = sample;
  if (inputTokens === null || outputTokens === null) return { job: { rows, tokens: null }, usd: null };
  const tokens = scale(rows, (inputTokens + outputTokens) * w.hyperParameters.epochs);
  const [expected, most] = [prices.training(tokens.expected), prices.training(tokens.most)];
  return { job: { rows, tokens }, usd: expected === null || most === null ? null : { expected, most } };
}

/** Demos lengthen a prompt by about one call's input and output each. */
function plannedStep(
  prefix: string,
  kind: PlannedStep['kind'],
  runs: Estimate,
  demos: number,
  sample: Sample,
  prices: PlanPrices,
): PlannedStep {
  const calls = scale(runs, sample.calls);
  const { inputTokens, outputTokens } = sample;
  if (inputTokens === null || outputTokens === null) {
    return { prefix, kind, calls, inputTokens: null, outputTokens: null, usd: null };
  }
  const input = inputTokens + demos * (inputTokens + outputTokens);
  const price = prices.call(input, outputTokens);
  return {
    prefix,
    kind,
    calls,
    inputTokens: scale(calls, input),
    outputTokens: scale(calls, outputTokens),
    usd: price === null ? null : { expected: calls.expected * price, most: calls.most * price },
  };
}

function scale({ expected, most }: Estimate, factor: number): Estimate {
  return { expected: Math.round(expected * factor), most: Math.round(most * factor) };
}

function plus(a: Estimate | null, b: Estimate | null): Estimate | null {
  return a === null || b === null ? null : { expected: a.expected + b.expected, most: a.most + b.most };
}
