import type { ProgramState } from '../data/program.ts';
import type { ProgramOutcome } from '../data/trace.ts';
import type { CandidateFacts, Score } from '../protocol.ts';
import { evaluateRows } from './evaluation.ts';
import type { StepContext } from './optimizer.ts';
import { priority } from './pool.ts';
import type { Scope } from './scope.ts';
import { stateHash } from './state.ts';

/** What a step chooses among on dev, such as weights. */
export interface DevCandidate {
  readonly candidate: number;
  readonly state: ProgramState;
  readonly about: CandidateFacts;
}

/**
 * Scores a candidate on dev, and logs that. What is scored here is remembered, so scoring the step afterwards pays nothing
 * again.
 *
 * @returns its score, and what `take` keeps of each row.
 */
export async function scoreOnDev<T>(
  { runner, journal, dev, metricRange }: Pick<StepContext, 'runner' | 'journal' | 'dev' | 'metricRange'>,
  { candidate, state, about }: DevCandidate,
  scope: Scope,
  take: (outcome: ProgramOutcome) => T,
): Promise<{ readonly score: Score; readonly rows: readonly T[] }> {
  const { prefix } = scope;
  const of = dev.length;
  journal.state(state);
  journal.append({ type: 'candidate.started', prefix, candidate, state: stateHash(state), about });
  const request = { state, examples: dev, purpose: 'dev', candidate, priority: priority.score, metricRange } as const;
  const { score, rows } = await evaluateRows(runner, request, scope, take);
  journal.append({ type: 'candidate.finished', prefix, candidate, score, scored: of, of });
  return { score, rows };
}
