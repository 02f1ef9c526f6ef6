/** The page: what the run is, its status, and four views of it. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Snapshot } from '../src/viewProtocol.ts';
import type { Actions } from './actions.ts';
import { examplesView } from './examplesView.ts';
import { count, dollars, duration, plural, short, startName, stepName } from '../src/view/words.ts';
import { tabs } from './model.ts';
import type { Model, Tab } from './model.ts';
import { facts } from './parts.ts';
import { programView } from './programView.ts';
import { runView } from './runView.ts';
import { tracesView } from './tracesView.ts';

const tabName: Readonly<Record<Tab, string>> = {
  run: 'Run',
  program: 'Program',
  examples: 'Examples',
  traces: 'Traces',
};

const views: Readonly<Record<Tab, (model: Model, snapshot: Snapshot, actions: Actions) => TemplateResult>> = {
  run: runView,
  program: programView,
  examples: examplesView,
  traces: tracesView,
};

export function appView(model: Model, actions: Actions): TemplateResult {
  const { snapshot, kept } = model;
  if (snapshot === null) return html`<p class="muted" role="status">Reading the run…</p>`;
  return html`<main>
    ${header(snapshot)}
    <vscode-panels
      class="tabs"
      activeid=${`tab-${kept.tab}`}
      aria-label="Views of the run"
      @change=${(event: Event) => {
        const id = (event.target as { readonly activeid?: string } | null)?.activeid;
        const tab = tabs.find((one) => id === `tab-${one}`);
        if (tab !== undefined && tab !== kept.tab) actions.goTo(tab);
      }}
    >
      ${tabs.map((tab) => html`<vscode-panel-tab id=${`tab-${tab}`}>${tabName[tab]}</vscode-panel-tab>`)}
      ${tabs.map(
        (tab) =>
          html`<vscode-panel-view id=${`view-${tab}`}
            ><div class="view">
              ${tab === kept.tab ? views[tab](model, snapshot, actions) : nothing}
            </div></vscode-panel-view
          >`,
      )}
    </vscode-panels>
    <p class="notice" role="status" aria-live="polite">${model.notice ?? ''}</p>
  </main>`;
}

const statusName: Readonly<Record<Snapshot['status'], string>> = {
  running: 'Running',
  finished: 'Finished',
  stopped: 'Stopped',
  crashed: 'Interrupted',
};

function header(snapshot: Snapshot): TemplateResult {
  const { asked, status, complete, stopped, problem, warnings } = snapshot;
  return html`<header>
    <h1>
      ${asked.program}
      <span class="muted"
        >${stepName(asked.strategy, startName(asked.from))}${asked.from === null ? '' : ` from ${asked.from}`}</span
      >
      <span class=${`badge ${status}`}>${statusName[status]}</span>
      ${complete ? nothing : html`<span class="muted" role="status">reading the log…</span>`}
    </h1>
    ${facts([
      ['Model', `${asked.model} on ${asked.endpoint}`],
      ['Metric', asked.metric],
      ['Seed', asked.seed],
      rowsFact(snapshot),
      timeFact(snapshot),
      ['Calls', usageText(snapshot)],
      ['Cost', costText(snapshot)],
      bestFact(snapshot),
    ])}
    ${stopped === null ? nothing : html`<p class="message bad" role="alert">Stopped (${stopped.reason}): ${stopped.message}</p>`}
    ${problem === null ? nothing : html`<p class="message bad" role="alert">${problem}</p>`}
    ${
      warnings.length === 0
        ? nothing
        : html`<details class="message">
            <summary>${plural(warnings.length, 'warning')}</summary>
            <ul>
              ${warnings.map((warning) => html`<li>${warning}</li>`)}
            </ul>
          </details>`
    }
  </header>`;
}

function rowsFact({ splits }: Snapshot): readonly [string, string] | null {
  if (splits === null) return null;
  const test = splits.test === null ? '' : `, ${splits.test} test`;
  return ['Rows', `${splits.train} train, ${splits.dev} dev${test}`];
}

function timeFact({ began, updated, status }: Snapshot): readonly [string, string] | null {
  if (began === null) return null;
  const end = status === 'running' || updated === null ? Date.now() : Date.parse(updated);
  return ['Time', duration(Math.max(0, (end - Date.parse(began)) / 1000))];
}

function usageText({ usage, asked }: Snapshot): string {
  const cap = asked.budget.calls === null ? '' : ` of at most ${count(asked.budget.calls)}`;
  return `${count(usage.calls)} paid${cap}, ${count(usage.cached)} from the memo`;
}

/** Dollars and tokens, each with its cap. */
function costText({ usage, asked: { budget } }: Snapshot): string {
  const { inputTokens, outputTokens, usd } = usage;
  const tokens =
    inputTokens === null || outputTokens === null ? 'tokens unknown' : `${short(inputTokens + outputTokens)} tokens`;
  const usdCap = budget.usd === null ? '' : ` of at most ${dollars(budget.usd)}`;
  const tokenCap = budget.tokens === null ? '' : ` of at most ${short(budget.tokens)}`;
  return `${dollars(usd)}${usdCap}, ${tokens}${tokenCap}`;
}

function bestFact({ best, final, asked }: Snapshot): readonly [string, string] | null {
  if (best === null) return null;
  const named = (prefix: string): string => stepName(prefix, startName(asked.from));
  return ['Best on dev', final !== null && final !== best ? `${named(best)} (last: ${named(final)})` : named(best)];
}
