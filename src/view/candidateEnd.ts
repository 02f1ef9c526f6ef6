/** How the candidates of a step ended, in words. */
import type { CandidateView } from './candidate.ts';
import { percent, plural, shownNumber, whyStopped } from './words.ts';

type Known = Pick<CandidateView, 'candidate' | 'status' | 'score' | 'scored' | 'unlikely'>;

interface Step<Of extends Known> {
  /** `null`: not yet. */
  readonly chosen: number | null;
  readonly candidates: readonly Of[];
}

/** The chosen one, else the best so far of those scored on all rows; the earlier wins ties, as in the search. */
export function bestOf({ chosen, candidates }: Step<Known>): number | null {
  if (chosen !== null) return chosen;
  const rows = Math.max(...candidates.flatMap(({ score }) => (score === null ? [] : [score.n])));
  let best: Known | null = null;
  for (const candidate of candidates.filter(({ score }) => score?.n === rows)) {
    if (candidate.score !== null && (best?.score == null || candidate.score.score > best.score.score)) best = candidate;
  }
  return best?.candidate ?? null;
}

/** What became of a candidate that is not at work any more. */
export function candidateEnd<Of extends Known>({ candidate, status, scored, unlikely }: Of, step: Step<Of>): string {
  if (candidate === step.chosen) return 'chosen';
  if (status === 'stopped') return `the run stopped after ${plural(scored, 'row')}`;
  if (status !== 'stoppedEarly') return 'scored';
  const when = scored === 0 ? 'not scored' : `stopped early after ${plural(scored, 'row')}`;
  return `${when}: it ${whyStopped(unlikely)}${unlikely === undefined ? againstWhat(step) : ''}`;
}

/** ` against candidate 3 (100.0 %; …)`: what it could no longer win against. */
function againstWhat(step: Step<Known>): string {
  const number = bestOf(step);
  const best = step.candidates.find(({ candidate }) => candidate === number);
  if (best?.score == null) return '';
  return ` against candidate ${shownNumber(best.candidate)} (${percent(best.score.score)} %; the earlier wins a tie)`;
}
