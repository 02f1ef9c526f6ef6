import { given } from '../base/given.ts';
import type { Example, ProgramState } from '../data/program.ts';
import type { ProgramOutcome } from '../data/trace.ts';
import type { Score } from '../protocol.ts';
import { stopped } from './abort.ts';
import type { AskedModel } from './ask.ts';
import type { TraceRecord } from './interfaces.ts';
import { mapAhead } from './mapAhead.ts';
import type { Runner } from './runner.ts';
import type { Scope } from './scope.ts';
import { scoreOf, outcomeScore } from './score.ts';

export interface EvaluationRequest {
  readonly state: ProgramState;
  readonly examples: readonly Example[];
  readonly purpose: TraceRecord['purpose'];
  readonly candidate: number | null;
  readonly priority: number;
  readonly metricRange: readonly [number, number];
  /** See `RunRequest.feedbackFor`. */
  readonly feedbackFor?: string;
  /** See `RunTask.asks`. */
  readonly asks?: AskedModel;
}

/**
 * Mean of the metric over `examples`, run concurrently. A row that failed counts as 0.
 *
 * @throws HumanError when the metric fails on each of the first rows.
 */
export async function evaluate(runner: Runner, request: EvaluationRequest, scope: Scope): Promise<Score> {
  return (await evaluateRows(runner, request, scope, () => null)).score;
}

export interface EvaluatedRows<T> {
  readonly score: Score;
  /** Of each row, from 0 to 1, in the order of `examples`. */
  readonly scores: readonly number[];
  /** What was kept of each outcome. */
  readonly rows: readonly T[];
}

/** As `evaluate`, with the scores and what `take` keeps of each outcome, in the order of `examples`. */
export async function evaluateRows<T>(
  runner: Runner,
  request: EvaluationRequest,
  scope: Scope,
  take: (outcome: ProgramOutcome, example: Example) => T,
): Promise<EvaluatedRows<T>> {
  const { state, examples, purpose, candidate, priority, feedbackFor, asks } = request;
  const task = { state, round: 0, roundTemperature: 0, purpose, candidate, priority, feedbackFor, ...given({ asks }) };
  let failed = 0;
  const scores = new Array<number>(examples.length);
  try {
    const rows = await mapAhead(examples, runner.ahead, async (example, row) => {
      const outcome = await runner.run({ ...task, example }, scope);
      if (outcome.error !== undefined) failed++;
      scope.failures.throwIfMetricIsBroken();
      scores[row] = outcomeScore(outcome, request.metricRange);
      return take(outcome, example);
    });
    return { score: scoreOf(scores, failed), scores, rows };
  } catch (error) {
    throw scope.signal.aborted ? stopped(scope.signal) : error;
  }
}
