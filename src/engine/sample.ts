/** What a handful of program runs showed of a program: estimates are made from it. */
import type { LmRecord, ProgramOutcome } from '../data/trace.ts';
import { recordsOf } from '../data/trace.ts';

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
  /** The program's predictors that may change. */
  readonly predictors: number;
  /** Those of them that are in no trace, a judge's: no demo lengthens them, and nothing is trained on them. */
  readonly metric?: SampledCalls;
}

/** Sums up program runs as a sample. @param predictors those that may change. */
export function sampleOf(
  runs: readonly (Pick<ProgramOutcome, 'trace' | 'untraced'> & { readonly correct: boolean })[],
  paidCalls: number,
  predictors: number,
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
    predictors,
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
export function programCalls({ calls, inputTokens, outputTokens, metric = noCalls }: Sample): SampledCalls {
  const own = calls - metric.calls;
  const mean = (all: number | null, judged: number | null) =>
    all === null || judged === null ? null : own === 0 ? 0 : (calls * all - metric.calls * judged) / own;
  return {
    calls: own,
    inputTokens: mean(inputTokens, metric.inputTokens),
    outputTokens: mean(outputTokens, metric.outputTokens),
  };
}

export const noCalls: SampledCalls = { calls: 0, inputTokens: 0, outputTokens: 0 };

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
