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
 * Mean of the metric over `examples`, run concurrently. A row that failed counts as 0.
 * @returns `null` when dropped before the end.
 */
export async function evaluate(runner: Runner, request: EvaluationRequest, scope: Scope): Promise<Score | null> {
  const { state, examples, purpose, candidate, priority, drop } = request;
  const task = { state, round: 0, roundTemperature: 0, purpose, candidate, priority };
  let failed = 0;
  const scores = await mapAhead(examples, runner.ahead, async (example) => {
    const outcome = await runner.run({ ...task, example, ...(drop === undefined ? {} : { drop }) }, scope);
    if (outcome.error !== undefined) failed++;
    const score = unitScore(outcome.score, request.metricRange);
    request.onScore?.(score);
    return score;
  }).catch((error: unknown) => {
    if (drop?.aborted === true && !scope.signal.aborted) return null;
    throw scope.signal.aborted ? stopped(scope.signal) : error;
  });
  return scores === null ? null : scoreOf(scores, failed);
}

/**
 * Maps with at most `width` items under way: a data set of any size holds no more promises than that. Begins nothing
 * after a failure, and throws the first one when all under way have ended.
 */
async function mapAhead<T, R>(items: readonly T[], width: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  const failures: unknown[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length && failures.length === 0) {
      const at = next++;
      try {
        results[at] = await work(items[at]!);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
}
