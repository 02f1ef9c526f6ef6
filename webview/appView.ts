/** The page: what the run is, its status, and four views of it. */
import * as l10n from '../src/base/l10n.ts';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Act, Snapshot } from '../src/viewProtocol/snapshot.ts';
import type { Actions } from './actions.ts';
import { examplesView } from './examplesView.ts';
import { headView } from './headView.ts';
import { tabs } from './model.ts';
import type { Model, Tab } from './model.ts';
import { programView } from './programView.ts';
import { runView } from './runView.ts';
import { tracesView } from './tracesView.ts';

const tabName: Readonly<Record<Tab, string>> = {
  run: l10n.t('Run'),
  program: l10n.t('Program'),
  examples: l10n.t('Examples'),
  traces: l10n.t('Traces'),
};

const views: Readonly<Record<Tab, (model: Model, snapshot: Snapshot, actions: Actions) => TemplateResult>> = {
  run: runView,
  program: programView,
  examples: examplesView,
  traces: tracesView,
};

/** Tabs whose lists take the height that there is. */
const filling: ReadonlySet<Tab> = new Set(['examples', 'traces']);

/** What the page's menu asks (`webview/context` in package.json): the same acts as the buttons of the head. */
function menuContext({ acts }: Snapshot): string {
  const possible = (act: Act): boolean => acts.includes(act);
  return JSON.stringify({
    runPagePrompts: possible('prompts'),
    runPageCompare: possible('compare'),
    runPageExport: possible('export'),
    runPageReport: possible('report'),
  });
}

export function appView(model: Model, actions: Actions): TemplateResult {
  const { snapshot, kept } = model;
  if (snapshot === null) return html`<p class="muted" role="status">${l10n.t('Reading the run…')}</p>`;
  return html`<main class=${filling.has(kept.tab) ? 'fills' : ''} data-vscode-context=${menuContext(snapshot)}>
    ${headView(snapshot, kept.tab === 'run', actions)}
    <vscode-panels
      class="tabs"
      activeid=${`tab-${kept.tab}`}
      aria-label=${l10n.t('Views of the run')}
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
