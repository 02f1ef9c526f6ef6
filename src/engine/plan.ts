/** What a strategy will take. */
import type { Estimate, PlanPrices, PlanSizes, PlannedCalls, PlannedJob, Prompts, Runs } from './estimate.ts';
import { both, noDemos } from './estimate.ts';
import type { Sample } from './sample.ts';
import type { AskedModel } from './ask.ts';
import { noCalls, programCalls, sum } from './sample.ts';
import { prefixesOf } from '../data/strategy.ts';
import type { OptimizeSettings } from './settings.ts';
import { namesOf } from './settings.ts';

export interface PlannedStep {
  readonly prefix: string;
  /** The step itself, or scoring what it ended in. */
  readonly work: 'step' | 'score';
  /** Of the step's optimizer; `score`: scoring. */
  readonly kind: string;
  /** What the work is: `prompt search`. */
  readonly title: string;
  readonly calls: Estimate;
  readonly inputTokens: Estimate | null;
  readonly outputTokens: Estimate | null;
  readonly usd: Estimate | null;
  /** Training rows and tokens of the step's job. */
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

/** What a strategy will take: program runs by the schedule, tokens by the sample, dollars by the prices. */
export function makePlan(settings: OptimizeSettings, sizes: PlanSizes, sample: Sample, prices: PlanPrices): Plan {
  const { strategy } = settings;
  const scoring = (prefix: string, demos: Estimate | null) =>
    plannedStep(
      { prefix, work: 'score', kind: 'score', title: 'score' },
      [{ runs: both(sizes.dev + sizes.test), demos: demos ?? noDemos }],
      sample,
      prices,
    );
  const steps = [scoring('', null)];
  // The first step's teacher is the program as it was sampled.
  let prompts: Prompts = { demos: null, instructions: false };
  const prefixes = prefixesOf(namesOf(strategy));
  strategy.forEach((step, index) => {
    const prefix = prefixes[index + 1]!;
    const { runs, calls = [], prompts: after, training } = step.plan({ sizes, sample, prices, prompts });
    const what = { prefix, work: 'step', kind: step.kind, title: step.title } as const;
    const planned = withCalls(plannedStep(what, runs, sample, prices), calls, { model: settings.model }, prices);
    steps.push(training === undefined ? planned : withJob(planned, training), scoring(prefix, after.demos));
    prompts = after;
  });
  const total = (pick: (step: PlannedStep) => Estimate | null) => steps.map(pick).reduce(plus);
  return {
    sample,
    steps,
    calls: total(({ calls }) => calls)!,
    inputTokens: total(({ inputTokens }) => inputTokens),
    outputTokens: total(({ outputTokens }) => outputTokens),
    usd: total(({ usd }) => usd),
    jobs: steps.filter(({ job }) => job !== undefined).length,
  };
}

function withCalls(
  step: PlannedStep,
  planned: readonly PlannedCalls[],
  base: AskedModel,
  prices: PlanPrices,
): PlannedStep {
  return planned.reduce((sofar, { calls, inputTokens: input, outputTokens: output, of = base }) => {
    const times = (each: Estimate) => estimateOf((which) => calls[which] * each[which]);
    const usd = estimateOf((which) => prices.call(calls[which] * input[which], calls[which] * output[which], of));
    return {
      ...sofar,
      calls: plus(sofar.calls, calls)!,
      inputTokens: plus(sofar.inputTokens, times(input)),
      outputTokens: plus(sofar.outputTokens, times(output)),
      usd: plus(sofar.usd, usd),
    };
  }, step);
}

/** `null` where a part of it is not known. */
function estimateOf(value: (which: keyof Estimate) => number | null): Estimate | null {
  const [expected, most] = [value('expected'), value('most')];
  return expected === null || most === null ? null : { expected, most };
}

function withJob(step: PlannedStep, { usd, ...job }: PlannedJob): PlannedStep {
  return { ...step, usd: plus(step.usd, usd), job };
}

/** Demos lengthen a predictor's prompt by about one call's input and output each. */
function plannedStep(
  what: Pick<PlannedStep, 'prefix' | 'work' | 'kind' | 'title'>,
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
    return { ...what, calls, inputTokens: null, outputTokens: null, usd: null };
  }
  const inputTokens = add(
    (runs, demos) => runs * (program.calls * (input + demos * (input + output)) + metric.calls * judgeInput),
  );
  const outputTokens = add((runs) => runs * (program.calls * output + metric.calls * judgeOutput));
  const usd = estimateOf((which) => prices.call(inputTokens[which], outputTokens[which]));
  return { ...what, calls, inputTokens, outputTokens, usd };
}

function plus(a: Estimate | null, b: Estimate | null): Estimate | null {
  return a === null || b === null ? null : { expected: a.expected + b.expected, most: a.most + b.most };
}
