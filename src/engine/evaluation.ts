import type { Example, ProgramState } from '../data/program.ts';
import type { Score } from '../protocol.ts';
import { stopped } from './abort.ts';
import type { TraceRecord } from './interfaces.ts';
import type { Runner } from './runner.ts';
import type { Scope } from './scope.ts';
import { scoreOf, unitScore } from './score.ts';

export interface EvaluationRequest {
  readonly state: ProgramState;
  readonly examples: readonly Example[];
  readonly purpose: TraceRecord['purpose'];
  readonly candidate: number | null;
  readonly priority: number;
  readonly metricRange: readonly [number, number];
  /** Told of every score as it comes, 0 to 1. */
  readonly onScore?: (score: number) => void;
  /** Aborted when the rest need not be scored any more. */
  readonly drop?: AbortSignal;
}

/**
 * Mean of the metric over `examples`, all run concurrently. A row that failed counts as 0.
 * @returns `null` when dropped before the end.
 */
export async function evaluate(runner: Runner, request: EvaluationRequest, scope: Scope): Promise<Score | null> {
  const { state, examples, purpose, candidate, priority, drop } = request;
  let failed = 0;
  const scoring = examples.map(async (example) => {
    const task = { state, example, round: 0, roundTemperature: 0, purpose, candidate, priority };
    const outcome = await runner.run(drop === undefined ? task : { ...task, drop }, scope);
    if (outcome.error !== undefined) failed++;
    const score = unitScore(outcome.score, request.metricRange);
    request.onScore?.(score);
    return score;
  });
  const settled = await Promise.allSettled(scoring);
  if (scope.signal.aborted) throw stopped(scope.signal);
  const rejected = settled.find((result) => result.status === 'rejected');
  if (rejected !== undefined && drop?.aborted === true) return null;
  if (rejected !== undefined) throw rejected.reason;
  const scores = settled.map((result) => (result.status === 'fulfilled' ? result.value : 0));
  return scoreOf(scores, failed);
}
