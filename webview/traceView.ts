/** One run of the program on one row: its calls in order and nesting, with the exact messages. */
import * as l10n from '../src/base/l10n.ts';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { RetrievalRow } from '../src/viewProtocol/fromData.ts';
import type { RequestRow, TraceCallRow, TraceView } from '../src/viewProtocol/traces.ts';
import { placeText } from '../src/base/placeText.ts';
import { isPaid } from '../src/view/paid.ts';
import { counted } from '../src/view/counted.ts';
import type { Actions } from './actions.ts';
import { callTree } from './callTree.ts';
import type { TreeNode } from './callTree.ts';
import {
  capitalized,
  count,
  duration,
  purposeName,
  rowScore,
  short,
  shownNumber,
  startName,
  stepName,
} from '../src/view/words.ts';
import { messagesPart } from './messages.ts';
import { linkedText, sourceLink } from './sourceLinks.ts';
import type { SourcePlace } from './sourceLinks.ts';
import { valueText } from './valueText.ts';
import { valueOf } from './model.ts';
import type { Model, OpenTrace } from './model.ts';
import { facts, fieldList } from './parts.ts';

export function traceView(model: Model, actions: Actions): TemplateResult {
  const { trace, kept } = model;
  if (trace.state === 'failed') return html`<p class="bad" role="alert">${trace.message}</p>`;
  if (trace.state === 'none' || kept.trace === null)
    return html`<p class="muted">${l10n.t('Choose a run of the program.')}</p>`;
  const shown = valueOf(trace);
  if (shown === undefined) return html`<p class="muted" role="status">${l10n.t('Reading the trace…')}</p>`;
  const { record } = shown;
  const { outcome } = record;
  const { trace: calls, retrievals = [] } = outcome;
  const total = calls.length + retrievals.length;
  return html`${head(shown, startName(model.snapshot?.asked.from), actions)} ${answers(record, model)}
    <h3>
      ${counted(calls.length, 'callOfPredictors')}${retrievals.length === 0 ? '' : `, ${counted(retrievals.length, 'lookUpOfPassages')}`}
    </h3>
    <ol class="plain calls">
      ${callTree(calls, model.callsShown, retrievals).map((node) => treeNode(node, shown, model, actions))}
    </ol>
    ${
      total > model.callsShown
        ? html`<vscode-button appearance="secondary" @click=${() => actions.showMoreCalls()}
            >${l10n.t('Show more of the {0} other calls', count(total - model.callsShown))}</vscode-button
          >`
        : nothing
    }`;
}

function head({ record, trace, recalled }: OpenTrace, start: string, actions: Actions): TemplateResult {
  const { step, candidate, purpose, example, round, outcome } = record;
  const { score, seconds, error } = outcome;
  return html`<h2>${l10n.t('Row {0}', shownNumber(example))}, ${stepName(step, start)}</h2>
    ${facts([
      [l10n.t('Purpose'), capitalized(purposeName[purpose])],
      candidate === null ? null : [l10n.t('Candidate'), shownNumber(candidate)],
      round === 0 ? null : [l10n.t('Try'), round + 1],
      [l10n.t('Score'), rowScore(score)],
      [
        l10n.t('Time'),
        recalled ? l10n.t('{0} when it was made; here from the memo', duration(seconds)) : duration(seconds),
      ],
    ])}
    <div class="toolbar" role="group" aria-label=${l10n.t('Actions on the trace')}>
      <vscode-button appearance="secondary" @click=${() => actions.copyTrace(trace)}
        >${l10n.t('Copy trace as JSON')}</vscode-button
      >
    </div>
    ${error === undefined ? nothing : errorPart(error, actions)}`;
}

function errorPart({ kind, message, ...place }: NonNullable<TraceView['outcome']['error']>, actions: Actions) {
  const open = (place: SourcePlace): void => actions.openFile(place);
  const { file, line } = place;
  const where =
    file === undefined
      ? nothing
      : line === undefined
        ? html` (${file})`
        : html` (${sourceLink({ ...place, file, line }, placeText({ ...place, file }), open)})`;
  return html`<p class="message bad" role="alert">${kind}: ${linkedText(message, open)}${where}</p>`;
}

/** What the program was given, what it gave, and what the row says. */
function answers({ outcome }: TraceView, model: Model): TemplateResult {
  const row = valueOf(model.example);
  const inputs = new Set(row?.inputs ?? []);
  const split = (wanted: boolean) =>
    Object.fromEntries(Object.entries(row?.fields ?? {}).filter(([name]) => inputs.has(name) === wanted));
  return html`<div class="columns">
    ${
      row?.fields == null
        ? nothing
        : html`<div class="box">
              <h3>${l10n.t('Inputs')}</h3>
              ${fieldList(split(true), valueText)}
            </div>
            <div class="box">
              <h3>${l10n.t('Labels')}</h3>
              ${fieldList(split(false), valueText)}
            </div>`
    }
    <div class="box">
      <h3>${l10n.t('Prediction')}</h3>
      ${outcome.prediction === null ? html`<p class="muted">${l10n.t('none')}</p>` : fieldList(outcome.prediction, valueText)}
    </div>
    ${
      outcome.feedback === undefined
        ? nothing
        : html`<div class="box">
            <h3>${l10n.t('What the metric said')}</h3>
            <pre>${outcome.feedback}</pre>
          </div>`
    }
  </div>`;
}

function treeNode(node: TreeNode, shown: OpenTrace, model: Model, actions: Actions): TemplateResult {
  if (node.kind === 'call') return html`<li>${callPart(node.call, node.place, shown, model, actions)}</li>`;
  if (node.kind === 'retrieve') return html`<li>${retrievePart(node.retrieval, shown.record.outcome.seconds)}</li>`;
  return html`<li>
    <span class="module">${node.name}</span>
    <ol class="plain calls">
      ${node.children.map((child) => treeNode(child, shown, model, actions))}
    </ol>
  </li>`;
}

function callPart(call: TraceCallRow, place: number, shown: OpenTrace, model: Model, actions: Actions): TemplateResult {
  const open = model.unfolded.has(place);
  const paid = call.lm.filter((request) => isPaid(request, shown.recalled)).length;
  return html`<details
    class="call box"
    .open=${open}
    @toggle=${(event: Event) => {
      const now = (event.target as HTMLDetailsElement).open;
      if (now !== open) actions.unfold(place, now);
    }}
  >
    <summary>
      <strong>${call.predictor}</strong>
      <span class="muted">${[...new Set(call.lm.map((one) => one.model))].join(', ')}</span>
      <span class="muted">${tokens(call.lm)}</span>
      <span class="muted">${l10n.t('at {0}, took {1}', duration(call.start), duration(call.seconds))}</span>
      <span class="badge"
        >${call.lm.length === 0 ? l10n.t('no request') : paid > 0 ? l10n.t('paid') : l10n.t('memo')}</span
      >
      ${call.error === undefined ? nothing : html`<span class="bad">${l10n.t('failed')}</span>`}
    </summary>
    ${waterfall(call, shown.record.outcome.seconds)} ${open ? callBody(call, place, shown, model, actions) : nothing}
  </details>`;
}

function retrievePart(retrieval: RetrievalRow, total: number): TemplateResult {
  const { retriever, query, k, passages, error, start, seconds } = retrieval;
  return html`<details class="call box">
    <summary>
      <strong>${retriever}</strong>
      <span class="muted">${query.length > 80 ? `${query.slice(0, 79)}…` : query}</span>
      <span class="muted">${l10n.t('at {0}, took {1}', duration(start), duration(seconds))}</span>
      <span class="badge">${l10n.t('retrieve')}</span>
      ${error === undefined ? nothing : html`<span class="bad">${l10n.t('failed')}</span>`}
    </summary>
    ${waterfall(retrieval, total)} ${error === undefined ? nothing : html`<p class="message bad">${error}</p>`}
    ${facts([[l10n.t('Query'), query], k === undefined ? null : [l10n.t('Passages asked for'), count(k)]])}
    <h4>${l10n.t('{0}, their beginnings', counted(passages.length, 'passage'))}</h4>
    <ol>
      ${passages.map((passage) => html`<li>${passage}</li>`)}
    </ol>
  </details>`;
}

/** When in the program run the call was under way. */
function waterfall({ start, seconds }: Pick<TraceCallRow, 'start' | 'seconds'>, total: number): TemplateResult {
  const all = Math.max(total, start + seconds, 1e-9);
  return html`<svg
    class="waterfall"
    viewBox="0 0 100 4"
    preserveAspectRatio="none"
    aria-hidden="true"
    focusable="false"
  >
    <rect x=${(100 * start) / all} y="0" width=${Math.max(0.5, (100 * seconds) / all)} height="4"></rect>
  </svg>`;
}

function callBody(call: TraceCallRow, place: number, shown: OpenTrace, model: Model, actions: Actions): TemplateResult {
  return html`<div class="toolbar" role="group" aria-label=${l10n.t('Actions on call {0}', shownNumber(place))}>
      <vscode-button appearance="secondary" @click=${() => actions.openSource(call.predictor)}
        >${l10n.t('Go to source')}</vscode-button
      >
    </div>
    ${call.error === undefined ? nothing : html`<p class="message bad">${linkedText(call.error, (at) => actions.openFile(at))}</p>`}
    <div class="columns">
      <div>
        <h4>${l10n.t('Inputs')}</h4>
        ${fieldList(call.inputs, valueText)}
      </div>
      <div>
        <h4>${l10n.t('Parsed outputs')}</h4>
        ${call.outputs === null ? html`<p class="muted">${l10n.t('none')}</p>` : fieldList(call.outputs, valueText)}
      </div>
    </div>
    ${call.lm.map((request, i) => requestPart(request, i, call.lm.length, place, shown, model, actions))}`;
}

function requestPart(
  request: RequestRow,
  i: number,
  of: number,
  place: number,
  shown: OpenTrace,
  model: Model,
  actions: Actions,
): TemplateResult {
  return html`<section class="request" aria-label=${l10n.t('Request {0} of call {1}', i + 1, shownNumber(place))}>
    <h4>${of === 1 ? l10n.t('Request') : l10n.t('Request {0} of {1}', i + 1, of)}</h4>
    ${facts([
      [l10n.t('Model'), request.model],
      request.endpoint === undefined ? null : [l10n.t('Endpoint'), request.endpoint],
      [l10n.t('Tokens'), tokens([request])],
      [l10n.t('Latency'), duration(request.seconds)],
      [
        l10n.t('Answered by'),
        isPaid(request, shown.recalled) ? l10n.t('the endpoint, paid') : l10n.t('the memo, nothing was paid'),
      ],
      [l10n.t('Ended by'), request.finishReason],
    ])}
    <div class="toolbar">
      <vscode-button appearance="secondary" @click=${() => actions.copyCurl(shown.trace, place, i)}
        >${l10n.t('Copy as curl')}</vscode-button
      >
    </div>
    ${messagesPart(model.remembered.get(request.key))}
  </section>`;
}

function tokens(requests: readonly RequestRow[]): string {
  if (requests.length === 0) return '';
  let [input, cachedInput, output] = [0, 0, 0];
  for (const { usage } of requests) {
    if (usage === null) return l10n.t('tokens unknown');
    input += usage.inputTokens;
    cachedInput += usage.cachedInputTokens;
    output += usage.outputTokens;
  }
  return cachedInput > 0
    ? l10n.t('{0} tokens in ({1} cached), {2} out', short(input), short(cachedInput), short(output))
    : l10n.t('{0} tokens in, {1} out', short(input), short(output));
}
