/** A candidate in the words that its table and its tree share, and what can be opened from it. */
import * as l10n from '../src/base/l10n.ts';
import { html, svg } from 'lit';
import type { TemplateResult } from 'lit';
import { candidateState } from '../src/viewProtocol/parts.ts';
import type { CandidateRow, Snapshot, StepRow } from '../src/viewProtocol/snapshot.ts';
import { candidateEnd } from '../src/view/candidateEnd.ts';
import { percent, shownNumber } from '../src/view/words.ts';
import type { Actions } from './actions.ts';
import { iconButton, progressBar } from './parts.ts';
import { stateBefore } from './shownStep.ts';

/** What `bestOf` is. */
export function bestName({ chosen }: Pick<StepRow, 'chosen'>): string {
  return chosen === null ? l10n.t('best so far') : l10n.t('chosen');
}

/** `, each on 100 rows`: on how many rows candidates are scored; some may be on a part of them alone. */
export function scoredOn({ candidates, search: { validation } }: Pick<StepRow, 'search' | 'candidates'>): string {
  if (validation === null) return '';
  const some = rowsOf(candidates).some((rows) => rows < validation);
  return `, ${some ? l10n.t('on up to {0} rows', validation) : l10n.t('each on {0} rows', validation)}`;
}

function rowsOf(candidates: readonly CandidateRow[]): readonly number[] {
  return candidates.flatMap(({ score }) => (score === null ? [] : [score.n]));
}

/** The rows that others failed on are scored first: their mean would say too little, what is still possible does not. */
export function scoreText({ score, scored, sum }: CandidateRow, rows: number | null): TemplateResult | string {
  if (score !== null) return `${percent(score.score)} %`;
  if (scored === 0 || rows === null) return '–';
  return html`<span class="muted">${l10n.t('at most {0} %', percent((100 * (sum + rows - scored)) / rows))}</span>`;
}

export function statusOf(candidate: CandidateRow, best: boolean, step: StepRow): TemplateResult | string {
  if (candidate.status === 'running')
    return progressBar(candidate.scored, step.search.validation, l10n.t('validating'));
  return best ? html`<strong>${bestName(step)}</strong>` : candidateEnd(candidate, step);
}

/** Its prompts beside those that the step began with, and its program runs. */
export function candidateButtons(
  { candidate }: CandidateRow,
  step: StepRow,
  snapshot: Snapshot,
  actions: Actions,
): TemplateResult {
  const right = candidateState(step.prefix, candidate);
  const number = shownNumber(candidate);
  return html`${iconButton(promptsIcon, l10n.t('Prompts of candidate {0}', number), () => {
    actions.keep({ left: stateBefore(snapshot, step.prefix), right });
    actions.goTo('program');
  })}${iconButton(tracesIcon, l10n.t('Traces of candidate {0}', number), () => {
    // States of the weights are tried on dev.
    const purpose = step.step?.changes === 'weights' ? 'dev' : 'validate';
    actions.filterTraces({ step: step.prefix, purpose, candidate });
    actions.goTo('traces');
  })}`;
}

/** Two texts beside each other, and lines of a list. */
const promptsIcon = svg`<path d="M1.5 2.5h5.5v11h-5.5zM9 2.5h5.5v11h-5.5zM3 5.5h2.5M10.5 5.5h2.5M10.5 8h2.5"></path>`;
const tracesIcon = svg`<path d="M1.5 4h2M5.5 4h9M1.5 8h2M5.5 8h9M1.5 12h2M5.5 12h9"></path>`;
