/** The candidates of a step: what they are, in the words of their optimizer, and what they scored. */
import * as l10n from '../src/base/l10n.ts';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { CandidateRow, Snapshot, StepRow } from '../src/viewProtocol/snapshot.ts';
import type { Actions } from './actions.ts';
import { hasTree } from './candidateTree.ts';
import { candidateButtons, scoredOn, scoreText, statusOf } from './candidateWords.ts';
import { percent, shownNumber } from '../src/view/words.ts';
import { bestOf } from '../src/view/candidateEnd.ts';
import { frontView } from './frontView.ts';
import type { Model } from './model.ts';
import { scoreBar } from './parts.ts';
import { treeView } from './treeView.ts';

export function candidatesView(step: StepRow, model: Model, snapshot: Snapshot, actions: Actions): TemplateResult {
  const { candidates } = step;
  if (candidates.length === 0) {
    return html`<p class="muted">${withoutCandidates(step)}</p>`;
  }
  return html`${hasTree(candidates) ? treeView(step, model, snapshot, actions) : nothing}
  ${table(step, snapshot, actions)} ${frontView(step, model, actions)}`;
}

function withoutCandidates({ status, reason }: StepRow): string {
  if (status === 'waiting') return l10n.t('This step has not begun.');
  if (status === 'skipped')
    return l10n.t('This step was not taken: {0}.', reason ?? l10n.t('the one before it had no result'));
  if (status === 'stopped') return l10n.t('The run stopped here, before a candidate was ready.');
  return status === 'done' ? l10n.t('This search was remembered as a whole.') : l10n.t('No candidate is ready yet.');
}

function table(step: StepRow, snapshot: Snapshot, actions: Actions): TemplateResult {
  const { candidates } = step;
  const best = bestOf(step);
  const labels = [...new Set(candidates.flatMap(({ facts }) => facts.map(({ label }) => label)))];
  return html`<div class="wide">
    <table class="candidates">
      <caption>
        ${l10n.t('Candidates')}${scoredOn(step)}
      </caption>
      <thead>
        <tr>
          <th scope="col">${l10n.t('Candidate')}</th>
          ${labels.map((label) => html`<th scope="col">${label}</th>`)}
          <th scope="col" class="number">${l10n.t('Score')}</th>
          <th scope="col">${l10n.t('95 % interval')}</th>
          <th scope="col">${l10n.t('Status')}</th>
          <th scope="col"><span class="hidden">${l10n.t('More')}</span></th>
        </tr>
      </thead>
      <tbody>
        ${candidates.map(
          (candidate) =>
            html`<tr class=${`${candidate.candidate === best ? 'best' : ''} ${candidate.status}`}>
              ${cells(candidate, labels, candidate.candidate === best, step)}
              <td class="more">${candidateButtons(candidate, step, snapshot, actions)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function cells(candidate: CandidateRow, labels: readonly string[], best: boolean, step: StepRow): TemplateResult {
  const { name, facts, score } = candidate;
  return html`<th scope="row">${shownNumber(candidate.candidate)} <span class="muted">${name}</span></th>
    ${labels.map((label) => html`<td>${facts.find((fact) => fact.label === label)?.text ?? ''}</td>`)}
    <td class="number">${scoreText(candidate, step.search.validation)}</td>
    <td class="interval">
      ${score === null ? nothing : html`${scoreBar(score)} <span class="muted">${percent(score.low)}–${percent(score.high)}</span>`}
    </td>
    <td class="status">${statusOf(candidate, best, step)}</td>`;
}
