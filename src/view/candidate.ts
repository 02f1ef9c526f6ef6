/** A candidate of a step: what is known of it, and what each event makes of that. */
import * as z from 'zod';
import { countSchema } from '../base/counts.ts';
import type { Immutable } from '../base/immutable.ts';
import { candidatesShownAtMost } from '../base/limits.ts';
import { candidateFactsSchema, scoreSchema, unlikelySchema } from '../protocol.ts';
import type { EventOf } from '../protocol.ts';
import { workOf } from './work.ts';

export const candidateViewSchema = z.object({
  candidate: countSchema,
  /** The candidates it was made from. */
  parents: z.array(countSchema).readonly(),
  /** What its optimizer noted of it. */
  about: candidateFactsSchema,
  /** `stopped`: the run stopped, or is gone, while it was running. */
  status: z.enum(['running', 'stopped', 'done', 'stoppedEarly']),
  /** `null`: not finished. */
  score: scoreSchema.nullable(),
  /** Rows scored so far, and the sum of their scores, each from 0 to 1. */
  scored: countSchema,
  sum: z.number(),
  /** Stopped early in a race; left out where it could no longer win at all. */
  unlikely: unlikelySchema.exactOptional(),
  /** Content hash. */
  state: z.string(),
});
export type CandidateView = Immutable<z.infer<typeof candidateViewSchema>>;

/** The candidates of a step after one more event. */
export function foldCandidates(
  all: readonly CandidateView[],
  event: EventOf<'candidate.started' | 'candidate.finished' | 'example'>,
): readonly CandidateView[] {
  switch (event.type) {
    case 'candidate.started':
      return withCandidate(all, startedCandidate(event));
    case 'candidate.finished':
      return all.map((one) => finished(one, event));
    case 'example':
      return scoredCandidate(all, event);
  }
}

function startedCandidate({ candidate, parents = [], about, state }: EventOf<'candidate.started'>): CandidateView {
  return { candidate, parents, about, state, status: 'running', score: null, scored: 0, sum: 0 };
}

function withCandidate(all: readonly CandidateView[], one: CandidateView): readonly CandidateView[] {
  const place = all.findIndex(({ candidate }) => candidate === one.candidate);
  if (place >= 0) return all.with(place, one);
  if (all.length >= candidatesShownAtMost) return all;
  return [...all, one].sort((a, b) => a.candidate - b.candidate);
}

function finished(one: CandidateView, event: EventOf<'candidate.finished'>): CandidateView {
  if (one.candidate !== event.candidate) return one;
  const { score, scored, unlikely } = event;
  const why = unlikely === undefined ? {} : { unlikely };
  return { ...one, status: score === null ? 'stoppedEarly' : 'done', score, scored, ...why };
}

/** Candidates are scored in validation, checkpoints on dev; rows of a bootstrap are no score of what comes out of it. */
function scoredCandidate(all: readonly CandidateView[], event: EventOf<'example'>): readonly CandidateView[] {
  const work = workOf(event);
  if (work !== 'validate' && work !== 'checkpoints') return all;
  const place = all.findIndex(({ candidate }) => candidate === event.candidate);
  const one = all[place];
  if (one === undefined) return all;
  return all.with(place, { ...one, scored: one.scored + 1, sum: one.sum + event.score });
}
