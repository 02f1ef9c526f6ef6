/** Two states of the program beside each other: instructions, demos and model of each predictor. */
import * as l10n from '../src/base/l10n.ts';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Answer } from '../src/viewProtocol/answers.ts';
import type { Snapshot } from '../src/viewProtocol/snapshot.ts';
import type { KeptCandidate, StateRow } from '../src/viewProtocol/states.ts';
import type { Actions } from './actions.ts';
import { shownNumber, startName, stepName } from '../src/view/words.ts';
import { sideText } from './diffText.ts';
import { sentPrompt } from './sentPrompt.ts';
import { valueText } from './valueText.ts';
import { valueOf } from './model.ts';
import type { Model } from './model.ts';
import { choice, fieldList } from './parts.ts';

/** One of the two states: what it is called, and the state itself once it is here. */
interface Side {
  readonly name: string;
  readonly title: string;
  readonly state: StateRow['state'] | undefined;
}

interface Shown {
  readonly answer: Answer<'states'>;
  readonly left: Side;
  readonly right: Side;
  readonly model: Model;
  readonly actions: Actions;
}

type PredictorState = StateRow['state']['predictors'][string];

export function programView(model: Model, snapshot: Snapshot, actions: Actions): TemplateResult {
  const answer = valueOf(model.states);
  if (model.states.state === 'failed') return html`<p class="bad" role="alert">${model.states.message}</p>`;
  if (answer === undefined) return html`<p class="muted" role="status">${l10n.t('Reading the states…')}</p>`;
  if (answer.states.length === 0) {
    return html`<p class="muted">${l10n.t('The program was not loaded yet: there is no state of it to show.')}</p>`;
  }
  const [left, right] = sides(answer, model, snapshot);
  const all = options(answer, snapshot);
  const here = left.state !== undefined && right.state !== undefined;
  return html`<div class="toolbar" role="group" aria-label=${l10n.t('States')}>
      ${choice(l10n.t('Before'), all, left.name, (name) => actions.keep({ left: name }))}
      ${choice(l10n.t('After'), all, right.name, (name) => actions.keep({ right: name }))}
      <vscode-button @click=${() => actions.openDiff(left.name, right.name, null)}
        >${l10n.t('Show prompt changes')}</vscode-button
      >
    </div>
    <p class="muted">${whatIsThere(answer, model, snapshot)}</p>
    ${
      here
        ? names(answer, left, right).map((name) => predictor(name, { answer, left, right, model, actions }))
        : html`<p class="muted" role="status">${l10n.t('Reading the states…')}</p>`
    }`;
}

/** What was chosen; else the program as it was written beside the best. */
export function sides(answer: Answer<'states'>, { kept }: Model, { best, asked }: Snapshot): [Side, Side] {
  const { states } = answer;
  const start = startName(asked.from);
  const named = (name: string | null) => sideNamed(answer, name, start);
  const [first, last] = [ofStep(states[0]!, start), ofStep(lastOfSteps(answer), start)];
  return [named(kept.left) ?? first, named(kept.right) ?? named(best) ?? last];
}

/** A candidate's state comes a moment after it was chosen. */
function sideNamed({ states, candidates }: Answer<'states'>, name: string | null, start: string): Side | undefined {
  const row = states.find((state) => state.name === name);
  const candidate = candidates.find((one) => one.name === name);
  if (candidate !== undefined) return { name: candidate.name, title: candidateName(candidate), state: row?.state };
  return row === undefined ? undefined : ofStep(row, start);
}

const ofStep = ({ name, state }: StateRow, start: string): Side => ({ name, title: stepName(name, start), state });

function lastOfSteps({ states, candidates }: Answer<'states'>): StateRow {
  return states.findLast(({ name }) => candidates.every((one) => one.name !== name)) ?? states.at(-1)!;
}

const candidateName = ({ step, candidate }: KeptCandidate): string =>
  `${stepName(step)}, ${l10n.t('candidate {0}', shownNumber(candidate))}`;

/** The steps, then the candidates of each. */
function options({ states, candidates }: Answer<'states'>, { best, asked }: Snapshot) {
  const known = new Set(candidates.map(({ name }) => name));
  const steps = states
    .filter(({ name }) => !known.has(name))
    .map(({ name }) => ({
      value: name,
      text: `${stepName(name, startName(asked.from))}${name === best ? ` (${l10n.t('best on dev')})` : ''}`,
    }));
  const tried = candidates.map((one) => ({ value: one.name, text: `${candidateName(one)}: ${one.note}` }));
  return [...steps, ...tried];
}

function whatIsThere({ candidates }: Answer<'states'>, { kept }: Model, { steps }: Snapshot): string {
  const missing = [kept.left, kept.right].some(
    (name) => name?.includes('#') === true && candidates.every((one) => one.name !== name),
  );
  if (missing) return l10n.t('The state of the candidate that was asked for was not kept. Shown are others.');
  if (candidates.length > 0) return l10n.t('The state after each step, and of each candidate that was tried.');
  return steps.some((step) => step.candidates.length > 0)
    ? l10n.t('The state after each step. This run was made before the states of candidates were kept.')
    : l10n.t('The state after each step.');
}

function names({ predictors }: Answer<'states'>, left: Side, right: Side): string[] {
  const known = predictors.map(({ name }) => name);
  const own = [left, right].flatMap(({ state }) => Object.keys(state?.predictors ?? {}));
  return [...new Set([...known, ...own])];
}

function predictor(name: string, { answer, left, right, model, actions }: Shown): TemplateResult {
  const info = answer.predictors.find((one) => one.name === name);
  const [before, after] = [left.state?.predictors[name], right.state?.predictors[name]];
  const differs = JSON.stringify(before) !== JSON.stringify(after);
  return html`<section class="predictor" aria-label=${l10n.t('Predictor {0}', name)}>
    <h2>
      ${name}
      ${info === undefined ? nothing : html`<span class="muted">${info.inputs.join(', ')} → ${info.outputs.join(', ')}</span>`}
      <span class="badge"
        >${info?.frozen === true ? l10n.t('frozen') : differs ? l10n.t('differs') : l10n.t('the same')}</span
      >
    </h2>
    <div class="toolbar" role="group" aria-label=${l10n.t('Actions on {0}', name)}>
      <vscode-button
        appearance="secondary"
        ?disabled=${!differs}
        @click=${() => actions.openDiff(left.name, right.name, name)}
        >${l10n.t('Show prompt changes')}</vscode-button
      >
      <vscode-button appearance="secondary" @click=${() => actions.openSource(name)}
        >${l10n.t('Go to source')}</vscode-button
      >
    </div>
    <div class="columns">
      ${box(left.title, before, after, 'before', sentPrompt(left.name, name, model, actions))}
      ${box(right.title, after, before, 'after', sentPrompt(right.name, name, model, actions))}
    </div>
  </section>`;
}

function box(
  title: string,
  state: PredictorState | undefined,
  other: PredictorState | undefined,
  side: 'before' | 'after',
  sent: TemplateResult,
): TemplateResult {
  if (state === undefined)
    return html`<div class="box">
      <h3>${title}</h3>
      <p class="muted">${l10n.t('has no such predictor')}</p>
    </div>`;
  const { instructions, demos, model } = state;
  return html`<div class="box">
    <h3>${title}</h3>
    <h4>${l10n.t('Model')}</h4>
    <p class=${model === other?.model ? '' : 'changed'}><code>${model}</code></p>
    <h4>${l10n.t('Instructions')}</h4>
    <pre class=${instructions === other?.instructions ? '' : 'changed'}>
${sideText(instructions, other?.instructions, side)}</pre>
    ${sent}
    <h4>${demos.length === 0 ? l10n.t('No demos') : l10n.t('Demos ({0})', demos.length)}</h4>
    <ol class="plain">
      ${demos.map(
        ({ fields, augmented }) =>
          html`<li class="demo">
            <span class="muted"
              >${augmented ? l10n.t('bootstrapped from a correct trace') : l10n.t('labelled row')}</span
            >
            ${fieldList(fields, valueText)}
          </li>`,
      )}
    </ol>
  </div>`;
}
