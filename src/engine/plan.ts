/** What a strategy will take. */
import type { Estimate, PlanPrices, PlanSizes, PlannedCalls, PlannedJob, Prompts, Runs } from './estimate.ts';
import { given } from '../base/given.ts';
import { both, noDemos, plus } from './estimate.ts';
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
  /** The step's job, or all its jobs together; their dollars are in `usd` too. */
  readonly job?: PlannedJob;
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

const none: Estimate = both(0);

/** What a strategy will take: program runs by the schedule, tokens by the sample, dollars by the prices. */
export function makePlan(settings: OptimizeSettings, sizes: PlanSizes, sample: Sample, prices: PlanPrices): Plan {
  const { strategy } = settings;
  const scoring = (prefix: string, { demos, longer }: Prompts) =>
    plannedStep(
      { prefix, work: 'score', kind: 'score', title: 'score' },
      [{ runs: both(sizes.dev + sizes.test), demos: demos ?? noDemos, ...given({ longer }) }],
      sample,
      prices,
    );
  // The first step's teacher is the program as it was sampled.
  let prompts: Prompts = { demos: null, instructions: false };
  const steps = [scoring('', prompts)];
  const prefixes = prefixesOf(namesOf(strategy));
  strategy.forEach((step, index) => {
    const prefix = prefixes[index + 1]!;
    const { runs: planned, calls = [], prompts: after, training } = step.plan({ sizes, sample, prices, prompts });
    const { longer } = prompts;
    const runs = planned.map((each) => ({ ...given({ longer }), ...each }));
    const what = { prefix, work: 'step', kind: step.kind, title: step.title } as const;
    const own = withCalls(plannedStep(what, runs, sample, prices), calls, { model: settings.model }, prices);
    steps.push(training === undefined ? own : withJob(own, training), scoring(prefix, after));
    prompts = after;
  });
  return summedUp(sample, steps);
}

/** A plan of these steps. */
export function summedUp(sample: Sample, steps: readonly PlannedStep[]): Plan {
  const total = (pick: (step: PlannedStep) => Estimate | null) => steps.map(pick).reduce(plus, none);
  return {
    sample,
    steps,
    calls: total(({ calls }) => calls)!,
    inputTokens: total(({ inputTokens }) => inputTokens),
    outputTokens: total(({ outputTokens }) => outputTokens),
    usd: total(({ usd }) => usd),
    jobs: sum(steps.map(({ job }) => (job === undefined ? 0 : (job.jobs ?? 1)))),
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

function withJob(step: PlannedStep, job: PlannedJob): PlannedStep {
  return { ...step, usd: plus(step.usd, job.usd), job };
}

/** Tokens that the jobs of a step train on; `null`: not known. */
const trainedIn = ({ job }: Pick<PlannedStep, 'job'>): Estimate | null => (job === undefined ? none : job.tokens);

/** The same of all steps. */
export function trainedOn({ steps }: Pick<Plan, 'steps'>): Estimate | null {
  return steps.map(trainedIn).reduce(plus, none);
}

/** Tokens as a cap counts them: in and out of calls, and those that are trained on. */
export function tokensOfStep(step: Pick<PlannedStep, 'inputTokens' | 'outputTokens' | 'job'>): Estimate | null {
  return plus(plus(step.inputTokens, step.outputTokens), trainedIn(step));
}

/** The same of all steps. */
export function tokensOfPlan(plan: Plan): Estimate | null {
  return plus(plus(plan.inputTokens, plan.outputTokens), trainedOn(plan));
}

/** Tokens that one LM takes in program runs. */
interface Tokens {
  readonly input: Estimate;
  readonly output: Estimate;
  /** Default: what the program and its metric ask. */
  readonly of?: AskedModel;
}

/**
 * Tokens of program runs, apart where a teacher runs the program: its metric stays where it was. Demos lengthen a
 * predictor's prompt by about one call's input and output each, a longer instruction by its tokens. `null`: the endpoint tells none.
 */
function tokensOf({ runs, demos, longer = none, of }: Runs, sample: Sample): readonly Tokens[] | null {
  const { metric = noCalls } = sample;
  const { calls, inputTokens: input, outputTokens: output } = programCalls(sample);
  const { inputTokens: judgeInput, outputTokens: judgeOutput } = metric;
  if (input === null || output === null || judgeInput === null || judgeOutput === null) return null;
  const each = (tokens: (which: keyof Estimate) => number): Estimate => ({
    expected: runs.expected * tokens('expected'),
    most: runs.most * tokens('most'),
  });
  const prompts = (which: keyof Estimate) => calls * (input + longer[which] + demos[which] * (input + output));
  const judged = { input: metric.calls * judgeInput, output: metric.calls * judgeOutput };
  if (of === undefined) {
    return [
      { input: each((which) => prompts(which) + judged.input), output: each(() => calls * output + judged.output) },
    ];
  }
  return [
    { input: each(prompts), output: each(() => calls * output), of },
    { input: each(() => judged.input), output: each(() => judged.output) },
  ];
}

function rounded(estimates: readonly Estimate[]): Estimate {
  return {
    expected: Math.round(sum(estimates.map(({ expected }) => expected))),
    most: Math.round(sum(estimates.map(({ most }) => most))),
  };
}

function plannedStep(
  what: Pick<PlannedStep, 'prefix' | 'work' | 'kind' | 'title'>,
  work: readonly Runs[],
  sample: Sample,
  prices: PlanPrices,
): PlannedStep {
  const calls = rounded(
    work.map(({ runs }) => ({ expected: runs.expected * sample.calls, most: runs.most * sample.calls })),
  );
  const known = work.map((runs) => tokensOf(runs, sample));
  if (known.includes(null)) return { ...what, calls, inputTokens: null, outputTokens: null, usd: null };
  const tokens = known.flatMap((each) => each ?? []);
  const [own, taught] = [tokens.filter(({ of }) => of === undefined), tokens.filter(({ of }) => of !== undefined)];
  const usd = [billOf(own, prices), ...taught.map((each) => billOf([each], prices))].reduce(plus);
  const [inputTokens, outputTokens] = [
    rounded(tokens.map(({ input }) => input)),
    rounded(tokens.map(({ output }) => output)),
  ];
  return { ...what, calls, inputTokens, outputTokens, usd };
}

/** @param tokens of one LM. */
function billOf(tokens: readonly Tokens[], prices: PlanPrices): Estimate | null {
  const [input, output] = [rounded(tokens.map((each) => each.input)), rounded(tokens.map((each) => each.output))];
  return estimateOf((which) => prices.call(input[which], output[which], tokens[0]?.of));
}
