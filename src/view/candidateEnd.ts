/** How the candidates of a step ended, in words. */
import * as l10n from '../base/l10n.ts';
import type { CandidateView } from './candidate.ts';
import { counted } from './counted.ts';
import { percent, shownNumber, whyStopped } from './words.ts';

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
  if (candidate === step.chosen) return l10n.t('chosen');
  if (status === 'stopped') return l10n.t('the run stopped after {0}', counted(scored, 'row'));
  if (status !== 'stoppedEarly') return l10n.t('scored');
  const when = scored === 0 ? l10n.t('not scored') : l10n.t('stopped early after {0}', counted(scored, 'row'));
  return l10n.t('{0}: it {1}', when, unlikely === undefined ? whyHopeless(step) : whyStopped(unlikely));
}

/** `could no longer win against candidate 3 (100.0 %; …)`. */
function whyHopeless(step: Step<Known>): string {
  const number = bestOf(step);
  const best = step.candidates.find(({ candidate }) => candidate === number);
  if (best?.score == null) return whyStopped(undefined);
  return l10n.t(
    'could no longer win against candidate {0} ({1} %; the earlier wins a tie)',
    shownNumber(best.candidate),
    percent(best.score.score),
  );
}
