/** Two states of the program beside each other: instructions, demos and model of each predictor. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Answer, Snapshot, StateRow } from '../src/viewProtocol.ts';
import type { Actions } from './actions.ts';
import { stepName, valueText } from './format.ts';
import { valueOf } from './model.ts';
import type { Model } from './model.ts';
import { choice, fieldList } from './parts.ts';

type PredictorState = StateRow['state']['predictors'][string];

export function programView(model: Model, snapshot: Snapshot, actions: Actions): TemplateResult {
  const answer = valueOf(model.states);
  if (model.states.state === 'failed') return html`<p class="bad" role="alert">${model.states.message}</p>`;
  if (answer === undefined) return html`<p class="muted" role="status">Reading the states…</p>`;
  if (answer.states.length === 0) {
    return html`<p class="muted">The program was not loaded yet: there is no state of it to show.</p>`;
  }
  const [left, right] = sides(answer.states, model, snapshot);
  return html`<div class="toolbar" role="group" aria-label="States">
      ${choice('Left', options(answer.states), left.name, (name) => actions.keep({ left: name }))}
      ${choice('Right', options(answer.states), right.name, (name) => actions.keep({ right: name }))}
      <vscode-button @click=${() => actions.openDiff(left.name, right.name, null)}>Compare in the editor</vscode-button>
    </div>
    <p class="muted">
      The state after each step. Of candidates that were not chosen, the scores and traces are kept; their demos stand
      in the messages of their traces.
    </p>
    ${names(answer, left, right).map((name) => predictor(name, answer, left, right, actions))}`;
}

/** What was chosen; else the program as it was written beside the best. */
export function sides(states: readonly StateRow[], { kept }: Model, { best }: Snapshot): [StateRow, StateRow] {
  const named = (name: string | null): StateRow | undefined => states.find((state) => state.name === name);
  return [named(kept.left) ?? states[0]!, named(kept.right) ?? named(best) ?? states.at(-1)!];
}

function options(states: readonly StateRow[]) {
  return states.map(({ name }) => ({ value: name, text: stepName(name) }));
}

function names({ predictors }: Answer<'states'>, left: StateRow, right: StateRow): string[] {
  const known = predictors.map(({ name }) => name);
  return [...new Set([...known, ...Object.keys(left.state.predictors), ...Object.keys(right.state.predictors)])];
}

function predictor(
  name: string,
  answer: Answer<'states'>,
  left: StateRow,
  right: StateRow,
  actions: Actions,
): TemplateResult {
  const info = answer.predictors.find((one) => one.name === name);
  const [before, after] = [left.state.predictors[name], right.state.predictors[name]];
  const differs = JSON.stringify(before) !== JSON.stringify(after);
  return html`<section class="predictor" aria-label=${`Predictor ${name}`}>
    <h2>
      ${name}
      ${info === undefined ? nothing : html`<span class="muted">${info.inputs.join(', ')} → ${info.outputs.join(', ')}</span>`}
      <span class="badge">${info?.frozen === true ? 'frozen' : differs ? 'differs' : 'the same'}</span>
    </h2>
    <div class="toolbar" role="group" aria-label=${`Actions on ${name}`}>
      <vscode-button
        appearance="secondary"
        ?disabled=${!differs}
        @click=${() => actions.openDiff(left.name, right.name, name)}
        >Show prompt changes</vscode-button
      >
      <vscode-button appearance="secondary" @click=${() => actions.openSource(name)}>Go to source</vscode-button>
    </div>
    <div class="columns">${side(left.name, before, after)} ${side(right.name, after, before)}</div>
  </section>`;
}

function side(name: string, state: PredictorState | undefined, other: PredictorState | undefined): TemplateResult {
  if (state === undefined)
    return html`<div class="box">
      <h3>${stepName(name)}</h3>
      <p class="muted">has no such predictor</p>
    </div>`;
  const { instructions, demos, model } = state;
  return html`<div class="box">
    <h3>${stepName(name)}</h3>
    <h4>Model</h4>
    <p class=${model === other?.model ? '' : 'changed'}><code>${model}</code></p>
    <h4>Instructions</h4>
    <pre class=${instructions === other?.instructions ? '' : 'changed'}>${instructions}</pre>
    <h4>${demos.length === 0 ? 'No demos' : `Demos (${demos.length})`}</h4>
    <ol class="plain">
      ${demos.map(
        ({ fields, augmented }) =>
          html`<li class="demo">
            <span class="muted">${augmented ? 'bootstrapped from a correct trace' : 'labelled row'}</span>
            ${fieldList(fields, valueText)}
          </li>`,
      )}
    </ol>
  </div>`;
}
