/** The candidates of a step as a tree: what was made from what, what each is best on, and what changed in its prompts. */
import * as l10n from '../src/base/l10n.ts';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import { candidateState } from '../src/viewProtocol/parts.ts';
import type { Answer } from '../src/viewProtocol/answers.ts';
import type { CandidateRow, Snapshot, StepRow } from '../src/viewProtocol/snapshot.ts';
import type { Change, Standing } from '../src/viewProtocol/states.ts';
import { counted } from '../src/view/counted.ts';
import { shownNumber } from '../src/view/words.ts';
import { bestOf } from '../src/view/candidateEnd.ts';
import type { Actions } from './actions.ts';
import { candidateTree, parentsOf } from './candidateTree.ts';
import type { CandidateNode } from './candidateTree.ts';
import { candidateButtons, scoreText, statusOf } from './candidateWords.ts';
import { diffText } from './diffText.ts';
import { changesKey, valueOf } from './model.ts';
import type { Loaded, Model } from './model.ts';
import { stateBefore } from './shownStep.ts';

interface Tree {
  readonly step: StepRow;
  readonly model: Model;
  readonly snapshot: Snapshot;
  readonly actions: Actions;
  readonly best: number | null;
  /** `undefined`: not here yet. */
  readonly standing: Answer<'standing'> | undefined;
}

export function treeView(step: StepRow, model: Model, snapshot: Snapshot, actions: Actions): TemplateResult {
  const answer = valueOf(model.standing);
  const standing = answer?.step === step.prefix ? answer : undefined;
  const tree: Tree = { step, model, snapshot, actions, best: bestOf(step), standing };
  return html`<section aria-label=${l10n.t('Tree of candidates')}>
    <h3>${l10n.t('What was made from what')}</h3>
    ${keyed(
      step.prefix,
      html`<ol class="plain tree">
        ${candidateTree(step.candidates).map((node) => nodePart(node, tree))}
      </ol>`,
    )}
  </section>`;
}

function nodePart({ candidate, children }: CandidateNode, tree: Tree): TemplateResult {
  const { model, actions, best } = tree;
  const [before, after] = comparedStates(candidate, tree);
  return html`<li>
    <details
      class=${`box candidate ${candidate.candidate === best ? 'best' : ''}`}
      ?open=${candidate.candidate === best}
      @toggle=${({ target }: Event) => {
        if ((target as HTMLDetailsElement).open) actions.needChanges(before, after);
      }}
    >
      <summary>${line(candidate, tree)}</summary>
      ${changesPart(model.changes.get(changesKey(before, after)), whatItIsComparedWith(candidate))}
      <div
        class="toolbar"
        role="group"
        aria-label=${l10n.t('Actions on candidate {0}', shownNumber(candidate.candidate))}
      >
        ${candidateButtons(candidate, tree.step, tree.snapshot, actions)}
      </div>
    </details>
    ${
      children.length === 0
        ? nothing
        : html`<ol class="plain tree">
            ${children.map((child) => nodePart(child, tree))}
          </ol>`
    }
  </li>`;
}

/** The candidate's first parent and the candidate; of one that was made from none, what the step began with. */
function comparedStates(candidate: CandidateRow, { step, snapshot }: Tree): readonly [before: string, after: string] {
  const [parent] = parentsOf(candidate);
  const before = parent === undefined ? stateBefore(snapshot, step.prefix) : candidateState(step.prefix, parent);
  return [before, candidateState(step.prefix, candidate.candidate)];
}

function whatItIsComparedWith(candidate: CandidateRow): string {
  const [parent] = parentsOf(candidate);
  return parent === undefined ? l10n.t('what the step began with') : l10n.t('candidate {0}', shownNumber(parent));
}

function line(candidate: CandidateRow, { step, best, standing }: Tree): TemplateResult {
  const isBest = candidate.candidate === best;
  const known = standing?.candidates.find((one) => one.candidate === candidate.candidate);
  return html`<strong>${l10n.t('Candidate {0}', shownNumber(candidate.candidate))}</strong>
    <span class="number">${scoreText(candidate, step.search.validation)}</span>
    ${
      candidate.status === 'done' && !isBest
        ? nothing
        : html`<span class=${isBest ? 'badge' : 'muted'}>${statusOf(candidate, isBest, step)}</span>`
    }
    ${known === undefined ? nothing : html`<span class="muted">${bestOnText(known, standing!.rows)}</span>`}
    <span class="muted">${originText(candidate)}</span>
    ${known?.changed == null ? nothing : html`<span class="muted">${changedText(known.changed)}</span>`}
    ${candidate.name === '' ? nothing : html`<span class="muted">${candidate.name}</span>`}`;
}

function bestOnText({ bestOn }: Standing, rows: number): string {
  return bestOn === 0 ? l10n.t('best on no row') : l10n.t('best on {0} of {1}', bestOn, counted(rows, 'row'));
}

function originText(candidate: CandidateRow): string {
  const [first, second] = parentsOf(candidate).map(shownNumber);
  if (first === undefined) return l10n.t('made from no other');
  return second === undefined ? l10n.t('from {0}', first) : l10n.t('merged from {0} and {1}', first, second);
}

function changedText(changed: readonly string[]): string {
  return changed.length === 0 ? l10n.t('nothing changed') : l10n.t('changed {0}', changed.join(', '));
}

function changesPart(changes: Loaded<Answer<'changes'>> | undefined, from: string): TemplateResult {
  if (changes?.state === 'failed') return html`<p class="bad">${changes.message}</p>`;
  const value = changes === undefined ? undefined : valueOf(changes);
  if (value === undefined) return html`<p class="muted" role="status">${l10n.t('Reading the prompts…')}</p>`;
  if (value.predictors.length === 0) return html`<p class="muted">${l10n.t('Its prompts are those of {0}.', from)}</p>`;
  return html`<p class="muted">${l10n.t('Against {0}:', from)}</p>
    ${value.predictors.map(changePart)}`;
}

function changePart({ predictor, before, after, demos, model }: Change): TemplateResult {
  const others = [...(demos ? [l10n.t('its demos')] : []), ...(model ? [l10n.t('its model')] : [])];
  return html`<h4>${predictor}</h4>
    ${before === after ? nothing : html`<pre class="diff">${diffText(before ?? '', after ?? '')}</pre>`}
    ${others.length === 0 ? nothing : html`<p class="muted">${l10n.t('Changed too: {0}.', others.join(` ${l10n.t('and')} `))}</p>`}`;
}
