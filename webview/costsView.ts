/** What each step took, and each predictor in it: calls, tokens, time and money. */
import * as l10n from '../src/base/l10n.ts';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Answer } from '../src/viewProtocol/answers.ts';
import type { Snapshot, StepRow } from '../src/viewProtocol/snapshot.ts';
import { addUsage } from '../src/view/runView.ts';
import { counted } from '../src/view/counted.ts';
import { count, dollars, duration, short, startName, stepName } from '../src/view/words.ts';
import type { Actions } from './actions.ts';
import { valueOf } from './model.ts';
import type { Model } from './model.ts';
import { wide } from './parts.ts';

type Predictor = Answer<'costs'>['predictors'][number];

export function costsView({ kept, costs }: Model, snapshot: Snapshot, actions: Actions): TemplateResult {
  return html`<details
    class="costs"
    ?open=${kept.costs}
    @toggle=${({ target }: Event) => actions.keep({ costs: (target as HTMLDetailsElement).open })}
  >
    <summary>${l10n.t('Calls, tokens, time and cost by step and predictor')}</summary>
    ${kept.costs ? content(costs, snapshot) : nothing}
  </details>`;
}

function content(costs: Model['costs'], snapshot: Snapshot): TemplateResult {
  const read = valueOf(costs);
  return html`${table(read?.predictors ?? [], snapshot)}
    ${costs.state === 'failed' ? html`<p class="bad" role="alert">${costs.message}</p>` : nothing}
    ${read === undefined && costs.state !== 'failed' ? html`<p class="muted" role="status">${l10n.t('Reading the traces…')}</p>` : nothing}
    <p class="muted">${whatCounts(read)} ${l10n.t('Tokens and times are of calls that were paid for.')}</p>`;
}

function whatCounts(read: Answer<'costs'> | undefined): string {
  return read === undefined || read.runs >= read.of
    ? l10n.t(
        'A step counts all of its calls, its scoring and what proposes prompts among them; a predictor those in the traces of program runs.',
      )
    : l10n.t(
        'A step counts all of its calls, its scoring and what proposes prompts among them; a predictor those in the traces of program runs, here of {0} of {1}.',
        count(read.runs),
        counted(read.of, 'programRun'),
      );
}

function table(predictors: readonly Predictor[], { steps, asked }: Snapshot): TemplateResult {
  return wide(
    l10n.t('Calls, tokens, time and cost'),
    html`<table>
      <thead>
        <tr>
          <th scope="col">${l10n.t('Step, predictor')}</th>
          ${[
            l10n.t('Calls'),
            l10n.t('From the memo'),
            l10n.t('Tokens in'),
            l10n.t('Tokens out'),
            l10n.t('Mean time'),
            l10n.t('95 % within'),
            l10n.t('Cost'),
          ].map((name) => html`<th scope="col" class="number">${name}</th>`)}
        </tr>
      </thead>
      ${steps.map((step) => {
        const own = predictors.filter((one) => one.step === step.prefix);
        const usage = usageOf(step);
        if (usage === null && own.length === 0) return nothing;
        return html`<tbody>
          <tr class="step">
            <th scope="row">${stepName(step.prefix, startName(asked.from))}</th>
            ${usage === null ? html`<td colspan="7" class="muted">${l10n.t('at work')}</td>` : stepCells(usage)}
          </tr>
          ${own.map(predictorRow)}
        </tbody>`;
      })}
    </table>`,
  );
}

type Usage = NonNullable<StepRow['usage']>;

/** Of a step with its scoring. */
function usageOf({ usage, evaluations: { dev, test } }: StepRow): Usage | null {
  const parts = [usage, dev?.usage ?? null, test?.usage ?? null].filter((one) => one !== null);
  return parts.length === 0 ? null : parts.reduce(addUsage);
}

function stepCells({ calls, cached, inputTokens, outputTokens, usd }: Usage): TemplateResult {
  const cells = [count(calls), count(cached), tokens(inputTokens), tokens(outputTokens), '', '', dollars(usd)];
  return html`${cells.map(cell)}`;
}

function predictorRow({ predictor, calls, cached, inputTokens, outputTokens, mean, most }: Predictor): TemplateResult {
  const times = [mean, most].map((seconds) => (seconds === null ? '–' : duration(seconds)));
  const cells = [count(calls), count(cached), tokens(inputTokens), tokens(outputTokens), ...times, ''];
  return html`<tr>
    <th scope="row" class="predictor">${predictor}</th>
    ${cells.map(cell)}
  </tr>`;
}

const cell = (text: string): TemplateResult => html`<td class="number">${text}</td>`;
const tokens = (value: number | null): string => (value === null ? l10n.t('unknown') : short(value));
