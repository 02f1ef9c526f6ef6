/**
 * What a run takes in all, by its own first rows; and what one that its cap stopped would still take: the plan of its
 * strategy, less what this session has seen done.
 */
import { recordsOf } from '../../data/trace.ts';
import type { LmRecord } from '../../data/trace.ts';
import { BudgetExhausted } from '../../engine/errors.ts';
import type { Journal, TraceRecord } from '../../engine/interfaces.ts';
import type { PlanPrices, PlanSizes } from '../../engine/estimate.ts';
import { makePlan, tokensOfStep } from '../../engine/plan.ts';
import type { Plan, PlannedStep } from '../../engine/plan.ts';
import { sampleOf } from '../../engine/sample.ts';
import type { OptimizeSettings } from '../../engine/settings.ts';
import type { RunEvent } from '../../protocol.ts';
import { count, dollars } from '../../view/words.ts';
import { withRun, workSchema } from '../../view/work.ts';
import type { Work, WorkCounts } from '../../view/work.ts';

/** Program runs that an estimate is made from. */
const sampleAtMost = 50;

/** What a plan counts apart: the steps, and scoring what they end in. */
const scoring: ReadonlySet<Work> = new Set(['dev', 'test', 'train']);

/** What a plan is made of, besides program runs. */
export interface PlanOf {
  readonly settings: OptimizeSettings;
  readonly sizes: PlanSizes;
  /** Those that may change. */
  readonly predictors: number;
  /** Prices of a program that asked these. */
  pricesOf(asked: readonly LmRecord[]): PlanPrices;
}

/** Looks on as a run is recorded. */
export class RestOfRun {
  readonly #of: PlanOf;
  readonly #sample: TraceRecord[] = [];
  /** Program runs of this session, by step. */
  readonly #done = new Map<string, WorkCounts>();
  readonly #finished = new Set<string>();

  #sampled: { readonly runs: number; readonly tell: () => void } | null = null;

  constructor(of: PlanOf) {
    this.#of = of;
  }

  /** Calls `tell` once, when so many program runs have been seen and asked an LM. */
  whenSampled(runs: number, tell: (plan: Plan, asked: readonly LmRecord[]) => void): void {
    this.#sampled = {
      runs,
      tell: () => {
        const { plan, asked } = this.#plan();
        if (plan.calls.expected > 0) tell(plan, asked);
      },
    };
  }

  /** The journal, looked at on the way. */
  watch(journal: Journal): Journal {
    return {
      append: (event) => {
        this.#see(event);
        journal.append(event);
      },
      trace: (record) => {
        journal.trace(record);
        if (record.purpose === 'bootstrap' || this.#sample.length >= sampleAtMost) return;
        if (this.#sample.push(record) === this.#sampled?.runs) this.#sampled.tell();
      },
      state: (state) => journal.state(state),
      rows: (name, content) => journal.rows(name, content),
      recall: (key) => journal.recall(key),
      remember: (key, value) => journal.remember(key, value),
      exclusively: (key, body, signal) => journal.exclusively(key, body, signal),
    };
  }

  #see(event: RunEvent): void {
    if (event.type === 'example')
      this.#done.set(event.prefix, withRun(this.#done.get(event.prefix) ?? {}, event, null));
    if (event.type === 'step.finished') this.#finished.add(event.prefix);
  }

  /** Program runs done of what is planned; of a finished step all that there are. */
  #doneOf({ prefix, work }: PlannedStep): number {
    if (work === 'step' && this.#finished.has(prefix)) return Infinity;
    return workSchema.options
      .filter((one) => scoring.has(one) === (work === 'score'))
      .reduce((sum, one) => sum + (this.#done.get(prefix)?.[one]?.done ?? 0), 0);
  }

  /** What the whole strategy takes, judged by the program runs seen so far. */
  #plan(): { readonly plan: Plan; readonly prices: PlanPrices; readonly asked: readonly LmRecord[] } {
    const { settings, sizes, predictors, pricesOf } = this.#of;
    const runs = this.#sample.map(({ outcome }) => ({ ...outcome, correct: outcome.score >= settings.threshold }));
    const asked = runs.flatMap(recordsOf);
    const prices = pricesOf(asked);
    return { plan: makePlan(settings, sizes, sampleOf(runs, 0, predictors), prices), prices, asked };
  }

  /** The error with what the rest would take; as it is where nothing is known of the program yet. */
  tell(error: unknown): unknown {
    if (!(error instanceof BudgetExhausted) || this.#sample.length === 0) return error;
    const { plan, prices } = this.#plan();
    const { sample, steps } = plan;
    const left = steps.map((step) => {
      const { expected } = step.calls;
      const done = this.#doneOf(step) * sample.calls;
      if (done === Infinity) return nothing;
      const share = expected === 0 ? 0 : Math.max(0, expected - done) / expected;
      return {
        calls: share * expected,
        tokens: tokensLeft(step, share),
        usd: usdLeft(step, share, prices),
      };
    });
    const total = (key: 'calls' | 'tokens' | 'usd') =>
      left.reduce<number | null>((sum, step) => (sum === null || step[key] === null ? null : sum + step[key]), 0);
    const [calls, tokens, usd] = [total('calls'), total('tokens'), total('usd')];
    const parts = [
      `${count(Math.ceil(calls ?? 0))} calls`,
      ...(tokens === null ? [] : [`${count(Math.ceil(tokens))} tokens`]),
      ...(usd === null ? [] : [dollars(usd)]),
    ];
    return new BudgetExhausted(`${error.message} The rest takes about ${parts.join(', ')} more.`, error.cap);
  }
}

/** Like dollars: those that are trained on come last. */
function tokensLeft(step: PlannedStep, share: number): number | null {
  const all = tokensOfStep(step);
  if (all === null) return null;
  const trained = step.job?.tokens?.expected ?? 0;
  return trained + share * (all.expected - trained);
}

/** The price of a training job comes when all of its step's calls are made. */
function usdLeft(step: PlannedStep, share: number, prices: PlanPrices): number | null {
  if (step.usd === null) return null;
  return step.usd.expected - (1 - share) * (step.job !== undefined ? callsUsd(step, prices) : step.usd.expected);
}

function callsUsd({ calls, inputTokens, outputTokens }: PlannedStep, prices: PlanPrices): number {
  if (calls.expected === 0 || inputTokens === null || outputTokens === null) return 0;
  const each = prices.call(inputTokens.expected / calls.expected, outputTokens.expected / calls.expected);
  return (each ?? 0) * calls.expected;
}

const nothing = { calls: 0, tokens: 0, usd: 0 };
