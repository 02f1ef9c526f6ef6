/**
 * What a run takes in all, by its own first rows; and what one that its cap stopped would still take: the plan of its
 * strategy, less what this session has seen done.
 */
import { recordsOf } from '../../data/trace.ts';
import type { LmRecord } from '../../data/trace.ts';
import { BudgetExhausted } from '../../engine/errors.ts';
import type { Journal, TraceRecord } from '../../engine/interfaces.ts';
import { needOf } from '../../engine/capNeed.ts';
import { plus, times } from '../../engine/estimate.ts';
import type { Estimate, PlannedJob, PlanPrices, PlanSizes } from '../../engine/estimate.ts';
import { makePlan, summedUp } from '../../engine/plan.ts';
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
  /** Steps of which a job has ended. */
  readonly #trained = new Set<string>();

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
    if (event.type === 'job.finished') this.#trained.add(event.prefix);
  }

  /** Program runs done of what is planned; of a finished step all that there are. */
  #doneOf({ prefix, work }: PlannedStep): number {
    if (work === 'step' && this.#finished.has(prefix)) return Infinity;
    return workSchema.options
      .filter((one) => scoring.has(one) === (work === 'score'))
      .reduce((sum, one) => sum + (this.#done.get(prefix)?.[one]?.done ?? 0), 0);
  }

  /** What the whole strategy takes, judged by the program runs seen so far. */
  #plan(): { readonly plan: Plan; readonly asked: readonly LmRecord[] } {
    const { settings, sizes, predictors, pricesOf } = this.#of;
    const runs = this.#sample.map(({ outcome }) => ({ ...outcome, correct: outcome.score >= settings.threshold }));
    const asked = runs.flatMap(recordsOf);
    const prices = pricesOf(asked);
    return { plan: makePlan(settings, sizes, sampleOf(runs, 0, predictors), prices), asked };
  }

  /** The error with what the rest would need; as it is where nothing is known of the program yet. */
  tell(error: unknown): unknown {
    if (!(error instanceof BudgetExhausted) || this.#sample.length === 0) return error;
    const { plan } = this.#plan();
    const rest = summedUp(
      plan.sample,
      plan.steps.flatMap((step) => this.#leftOf(step, plan.sample.calls) ?? []),
    );
    const [calls, tokens, usd] = (['calls', 'tokens', 'usd'] as const).map((key) => needOf(rest, key)?.expected);
    const parts = [
      `${count(Math.ceil(calls ?? 0))} calls`,
      ...(tokens === undefined ? [] : [`${count(Math.ceil(tokens))} tokens`]),
      ...(usd === undefined ? [] : [dollars(usd)]),
    ];
    return new BudgetExhausted(`${error.message} The rest needs about ${parts.join(', ')} more.`, error.cap);
  }

  /** The part of a step that is not done; `null`: all is. @param callsOfRun LM calls of a program run. */
  #leftOf(step: PlannedStep, callsOfRun: number): PlannedStep | null {
    const done = this.#doneOf(step) * callsOfRun;
    if (done === Infinity) return null;
    const { expected } = step.calls;
    const share = expected === 0 ? 0 : Math.max(0, expected - done) / expected;
    const { job, ...calls } = step;
    const left = {
      ...calls,
      calls: times(step.calls, share),
      inputTokens: times(step.inputTokens, share),
      outputTokens: times(step.outputTokens, share),
    };
    if (job === undefined) return { ...left, usd: times(step.usd, share) };
    const jobLeft = this.#jobLeft(step.prefix, job, share);
    return { ...left, usd: plus(times(less(step.usd, job.usd), share), jobLeft.usd), job: jobLeft };
  }

  /** Jobs of a policy lie between its calls, any other behind all of them. */
  #jobLeft(prefix: string, job: PlannedJob, share: number): PlannedJob {
    const { jobs = 1, rows, tokens, usd } = job;
    const part = jobs > 1 ? share : this.#trained.has(prefix) ? 0 : 1;
    return {
      jobs: Math.max(1, Math.ceil(part * jobs)),
      rows: times(rows, part),
      tokens: times(tokens, part),
      usd: times(usd, part),
    };
  }
}

function less(all: Estimate | null, part: Estimate | null): Estimate | null {
  return plus(all, times(part, -1));
}
