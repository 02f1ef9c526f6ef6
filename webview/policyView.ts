/** The updates of a step that learns from rewards, and the rows of each. */
import * as l10n from '../src/base/l10n.ts';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { StepRow } from '../src/viewProtocol/snapshot.ts';
import { klText } from '../src/view/policy.ts';
import { count, percent } from '../src/view/words.ts';
import type { Actions } from './actions.ts';
import { valueOf } from './model.ts';
import type { Model } from './model.ts';

type Policy = StepRow['policy'];
type Update = Policy[number];

/** A table of all would be as long as the step. */
const updatesShown = 50;

/** The latest updates, the last one first. */
export function policyView(policy: Policy, model: Model, actions: Actions): TemplateResult {
  const shown = policy.slice(-updatesShown).toReversed();
  const open = valueOf(model.trainingRows)?.step;
  return html`<div class="wide">
      <table>
        <caption>
          ${shown.length < policy.length ? l10n.t('The last {0} updates', updatesShown) : l10n.t('Updates')}
        </caption>
        <thead>
          <tr>
            <th scope="col" class="number">${l10n.t('Update')}</th>
            <th scope="col" class="number">${l10n.t('Rollouts score')}</th>
            <th scope="col" class="number">${l10n.t('Groups')}</th>
            <th scope="col" class="number">${l10n.t('Without a difference')}</th>
            <th scope="col" class="number">${l10n.t('KL')}</th>
            <th scope="col" class="number">${l10n.t('Unreadable')}</th>
            <th scope="col" class="number">${l10n.t('Tokens an answer')}</th>
            <th scope="col">${l10n.t('Rows')}</th>
          </tr>
        </thead>
        <tbody>
          ${shown.map((one) => updateRow(one, open, actions))}
        </tbody>
      </table>
    </div>
    ${model.trainingRows.state === 'failed' ? html`<p class="bad" role="alert">${model.trainingRows.message}</p>` : nothing}`;
}

/** Whether rows that are shown under this name are those of one of the updates. */
export function rowsShownOf(policy: Policy, name: string): boolean {
  return policy.some((one) => rowsName(one) === name);
}

/** What the rows of an update are asked for by: the name of their file. */
function rowsName({ file }: Update): string | undefined {
  return file?.replaceAll(/^rows\/|\.jsonl$/g, '');
}

function updateRow(one: Update, open: string | undefined, actions: Actions): TemplateResult {
  const { update, updates, reward, groups, withoutDifference, calls, unreadable, answerTokens, kl } = one;
  return html`<tr>
    <td class="number">${l10n.t('{0} of {1}', count(update), count(updates))}</td>
    <td class="number">${percent(reward)} %</td>
    <td class="number">${count(groups)}</td>
    <td class="number">${count(withoutDifference)}${shareText(withoutDifference, groups + withoutDifference)}</td>
    <td class="number">${kl == null ? '–' : klText(kl)}</td>
    <td class="number">${l10n.t('{0} of {1}', count(unreadable), count(calls))}</td>
    <td class="number">${answerTokens === undefined ? '–' : count(Math.round(answerTokens))}</td>
    <td>${rowsButton(one, open, actions)}</td>
  </tr>`;
}

/** ` (25 %)`; of nothing there is no share. */
function shareText(part: number, all: number): string {
  return all === 0 ? '' : ` (${Math.round((100 * part) / all)} %)`;
}

function rowsButton(one: Update, open: string | undefined, actions: Actions): TemplateResult | string {
  const name = rowsName(one);
  if (name === undefined) return l10n.t('none');
  const isOpen = open === name;
  return html`<vscode-button
    appearance="secondary"
    aria-expanded=${isOpen}
    aria-label=${isOpen ? l10n.t('Hide the {0} rows of update {1}', count(one.rows), count(one.update)) : l10n.t('Look into the {0} rows of update {1}', count(one.rows), count(one.update))}
    @click=${() => (isOpen ? actions.closeTrainingRows() : actions.showTrainingRows(name, 0))}
    >${count(one.rows)}</vscode-button
  >`;
}
