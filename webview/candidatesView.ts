/** The candidates of a step: what they are, in the words of their optimizer, and what they scored. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { candidateState } from '../src/viewProtocol.ts';
import type { CandidateRow, StepRow } from '../src/viewProtocol.ts';
import type { Actions } from './actions.ts';
import { percent, shownNumber } from '../src/view/words.ts';
import { progressBar, scoreBar } from './parts.ts';

export function candidatesView(step: StepRow, actions: Actions): TemplateResult {
  const { candidates } = step;
  if (candidates.length === 0) {
    return html`<p class="muted">${withoutCandidates(step)}</p>`;
  }
  const best = step.chosen ?? bestOf(candidates);
  const labels = [...new Set(candidates.flatMap(({ facts }) => facts.map(({ label }) => label)))];
  return html`<table>
    <caption>
      Candidates${step.search.validation === null ? '' : `, each on ${step.search.validation} rows`}
    </caption>
    <thead>
      <tr>
        <th scope="col">Candidate</th>
        ${labels.map((label) => html`<th scope="col">${label}</th>`)}
        <th scope="col" class="number">Score</th>
        <th scope="col">95 % interval</th>
        <th scope="col">Status</th>
        <th scope="col"><span class="hidden">More</span></th>
      </tr>
    </thead>
    <tbody>
      ${candidates.map((candidate) => row(candidate, labels, candidate.candidate === best, step, actions))}
    </tbody>
  </table>`;
}

function withoutCandidates({ status, reason }: StepRow): string {
  if (status === 'waiting') return 'This step has not begun.';
  if (status === 'skipped') return `This step was not taken: ${reason ?? 'the one before it had no result'}.`;
  if (status === 'stopped') return 'The run stopped here, before a candidate was ready.';
  return status === 'done' ? 'This search was remembered as a whole.' : 'No candidate is ready yet.';
}

/** The earlier wins ties, as in the search. */
function bestOf(candidates: readonly CandidateRow[]): number | null {
  let best: CandidateRow | null = null;
  for (const candidate of candidates) {
    if (candidate.score !== null && (best?.score == null || candidate.score.score > best.score.score)) best = candidate;
  }
  return best?.candidate ?? null;
}

function row(
  candidate: CandidateRow,
  labels: readonly string[],
  best: boolean,
  step: StepRow,
  actions: Actions,
): TemplateResult {
  const { name, facts, score } = candidate;
  return html`<tr class=${`${best ? 'best' : ''} ${candidate.status}`}>
    <th scope="row">${shownNumber(candidate.candidate)} <span class="muted">${name}</span></th>
    ${labels.map((label) => html`<td>${facts.find((fact) => fact.label === label)?.text ?? ''}</td>`)}
    <td class="number">${scoreText(candidate, step.search.validation)}</td>
    <td>
      ${score === null ? nothing : html`${scoreBar(score)} <span class="muted">${percent(score.low)}–${percent(score.high)}</span>`}
    </td>
    <td>${statusOf(candidate, best, step)}</td>
    <td>
      <vscode-button
        appearance="secondary"
        aria-label=${`Prompts of candidate ${shownNumber(candidate.candidate)}`}
        @click=${() => {
          actions.keep({ right: candidateState(step.prefix, candidate.candidate) });
          actions.goTo('program');
        }}
        >Prompts</vscode-button
      >
      <vscode-button
        appearance="secondary"
        aria-label=${`Traces of candidate ${shownNumber(candidate.candidate)}`}
        @click=${() => {
          // States of the weights are tried on dev.
          const purpose = step.step?.changes === 'weights' ? 'dev' : 'validate';
          actions.filterTraces({ step: step.prefix, purpose, candidate: candidate.candidate });
          actions.goTo('traces');
        }}
        >Traces</vscode-button
      >
    </td>
  </tr>`;
}

/** The rows that others failed on are scored first: their mean would say too little, what is still possible does not. */
function scoreText({ score, scored, sum }: CandidateRow, rows: number | null): TemplateResult | string {
  if (score !== null) return `${percent(score.score)} %`;
  if (scored === 0 || rows === null) return '–';
  return html`<span class="muted">at most ${percent((100 * (sum + rows - scored)) / rows)} %</span>`;
}

function statusOf(candidate: CandidateRow, best: boolean, step: StepRow): TemplateResult | string {
  const { status, scored } = candidate;
  if (status === 'stoppedEarly') {
    return `${scored === 0 ? 'not scored' : `stopped early after ${scored} rows`}: it could not win any more`;
  }
  if (status === 'stopped') return `the run stopped after ${scored} rows`;
  if (status === 'running') return progressBar(scored, step.search.validation, 'validating');
  if (!best) return 'scored';
  return html`<strong>${step.chosen === null ? 'best so far' : 'chosen'}</strong>`;
}
