/** What the best state says to the LM that the baseline does not: instructions word by word, demos as they are. */
import * as l10n from '../base/l10n.ts';
import { html, nothing } from '../base/markup.ts';
import type { Markup } from '../base/markup.ts';
import { fieldsText } from '../page/stateText.ts';
import { counted } from '../view/counted.ts';
import { wordDiff } from '../view/wordDiff.ts';
import type { StateRow } from '../viewProtocol/states.ts';

type Predictors = StateRow['state']['predictors'];
type PredictorState = Predictors[string];

export function promptsSection(before: StateRow | undefined, after: StateRow | undefined, name: string): Markup {
  if (before === undefined || after === undefined || before.name === after.name) return nothing;
  const [was, is] = [before.state.predictors, after.state.predictors];
  return html`<h2>${l10n.t('Prompts: baseline and {0}', name)}</h2>
    ${Object.keys(is).map((predictor) => predictorPart(predictor, was[predictor], is[predictor]!))}`;
}

function predictorPart(name: string, was: PredictorState | undefined, is: PredictorState): Markup {
  return html`<section class="box">
    <h3>${name}</h3>
    <p class="muted">${modelText(is.model, was?.model ?? is.model)}</p>
    <pre>${instructions(was?.instructions ?? '', is.instructions)}</pre>
    ${demos(is)}
  </section>`;
}

function modelText(is: string, was: string): string {
  return is === was ? l10n.t('Model: {0}', is) : l10n.t('Model: {0}, before: {1}', is, was);
}

function instructions(before: string, after: string): Markup {
  if (before === after) return html`${after}`;
  return html`${wordDiff(before, after).map(({ kind, text }) => {
    if (kind === 'same') return html`${text}`;
    return kind === 'gone' ? html`<del>${text}</del>` : html`<ins>${text}</ins>`;
  })}`;
}

function demos({ demos: all }: PredictorState): Markup {
  if (all.length === 0) return html`<p class="muted">${l10n.t('No demos')}</p>`;
  return html`<details>
    <summary>${counted(all.length, 'demo')}</summary>
    ${all.map(
      ({ fields, augmented }) =>
        html`<div class="box">
          <p class="muted">${augmented ? l10n.t('bootstrapped') : l10n.t('labelled')}</p>
          <pre>${fieldsText(fields)}</pre>
        </div>`,
    )}
  </details>`;
}
