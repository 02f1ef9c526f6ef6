/** The panels of a window: one per run, one per comparison and one for all runs, restored after a reload. */
import { join } from 'node:path';
import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import { formatStrategy } from '../../data/strategy.ts';
import * as z from 'zod';
import { messageOf } from '../../base/errors.ts';
import type { SourceLocation } from '../../data/program.ts';
import { runsFolder } from '../../run/record/runFolder.ts';
import type { RunLocation } from '../../run/record/runFolder.ts';
import { Disposables } from '../base/disposables.ts';
import type { Act } from '../../page/acts.ts';
import type { ProgramPlace } from '../../page/answer.ts';
import { ComparisonReader } from '../../page/comparisonReader.ts';
import { comparisonSource } from '../../page/comparisonSource.ts';
import type { RowPlace } from '../../page/comparisonSource.ts';
import type { PageView } from '../../page/html.ts';
import { fillPanel } from './pagePanel.ts';
import type { PagePanel } from './pagePanel.ts';
import { RunReader } from '../../page/runReader.ts';
import { runSource } from '../../page/runSource.ts';
import { runTableSource } from '../../page/runTableSource.ts';
import type { ListedRuns, RunTableEffects } from '../../page/runTableSource.ts';
import { runNumbers } from '../../report/runNumbers.ts';
import type { RunRow } from '../../view/runRow.ts';
import { diffStates, registerStateDocuments, showSource } from './stateDocuments.ts';
import { localTime } from '../../editor/items/runItem.ts';
import { TabTitles } from '../../editor/items/tabTitles.ts';
import { uiText } from '../../editor/uiText.ts';
import { isRunOfWindow } from './windowRuns.ts';
import type { Log } from '../base/log.ts';
import { seedText } from '../../editor/items/runText.ts';
import { stepName } from '../../view/words.ts';

/** `onWebviewPanel:…` in package.json restores them. */
export const panelTypes = {
  run: 'bettertogether.run',
  comparison: 'bettertogether.comparison',
  runTable: 'bettertogether.runTable',
} as const;

/** The runs of the window, and the commands that stand behind what is done with them. */
export interface WindowRuns extends ListedRuns {
  readonly onDidChange: vscode.Event<void>;
  /** Looks for new runs once it is known where. */
  refresh(): Promise<void>;
  act: RunTableEffects['act'];
}

export interface PanelsParts {
  readonly extensionUri: vscode.Uri;
  readonly log: Log;
  /** Where a predictor is made, in the sources as they are now. */
  placeOf(program: ProgramPlace, predictor: string): SourceLocation | null;
  /** Calls the command behind a button of a run's page. */
  act(act: Act, run: RunLocation): Promise<void>;
  readonly runs: WindowRuns;
}

const runTableTitle = l10n.t('All Runs');

type ComparisonView = Extract<PageView, { kind: 'comparison' }>;

/** What a page keeps over a reload (`setState`), as far as the host needs it. */
const keptSchema = z.object({
  view: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('run'), run: z.object({ id: z.string(), folder: z.string() }) }),
    z.object({
      kind: z.literal('comparison'),
      root: z.string(),
      runs: z.array(z.string()),
      id: z.string().nullable(),
    }),
    z.object({ kind: z.literal('runTable') }),
  ]),
});

export class Panels implements vscode.Disposable {
  readonly #disposables = new Disposables();
  readonly #parts: PanelsParts;
  readonly #open = new Map<string, PagePanel>();
  readonly #titles = new TabTitles();

  /** From now on panels of an earlier window can be restored, and documents of the diff editor are answered. */
  constructor(parts: PanelsParts) {
    this.#parts = parts;
    this.#disposables.add(registerStateDocuments());
    for (const type of Object.values(panelTypes)) {
      const restore = {
        deserializeWebviewPanel: (panel: vscode.WebviewPanel, kept: unknown) => this.#restore(panel, kept),
      };
      this.#disposables.add(vscode.window.registerWebviewPanelSerializer(type, restore));
    }
  }

  /**
   * Opens the view of a run, or shows the one that is open; with `row`, at its trace.
   *
   * @throws UsageError when the run's manifest cannot be read.
   */
  async openRun(run: RunLocation, title: string, row: RowPlace | null = null): Promise<void> {
    const session = await this.#show({ kind: 'run', run }, title);
    if (row !== null) session?.tell({ type: 'show', ...row });
  }

  /**
   * @param titles the title, then what tells it from others of the same title.
   * @throws UsageError when none of the runs can be read.
   */
  async openComparison(view: Omit<ComparisonView, 'kind'>, titles: readonly [string, ...string[]]): Promise<void> {
    const shown: PageView = { kind: 'comparison', ...view };
    const known = this.#open.has(keyOf(shown));
    await this.#show(shown, known ? titles[0] : this.#titles.give(keyOf(shown), titles));
  }

  async openRunTable(): Promise<void> {
    await this.#show({ kind: 'runTable' }, runTableTitle);
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  async #show(view: PageView, title: string) {
    const known = this.#open.get(keyOf(view));
    if (known !== undefined) {
      known.panel.reveal();
      return known.session;
    }
    const options = { enableFindWidget: true };
    const panel = vscode.window.createWebviewPanel(
      panelTypes[view.kind],
      uiText(title),
      vscode.ViewColumn.Active,
      options,
    );
    return this.#fill(panel, view, title);
  }

  async #restore(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const kept = keptSchema.safeParse(state);
    if (!kept.success || !runsOf(kept.data.view).every(isRunOfWindow)) {
      panel.dispose();
      return;
    }
    try {
      await this.#fill(panel, kept.data.view, panel.title);
    } catch (error) {
      this.#parts.log.warn(`the view "${panel.title}" is not restored: ${messageOf(error)}`);
    }
  }

  async #fill(panel: vscode.WebviewPanel, view: PageView, title: string) {
    const { extensionUri, log } = this.#parts;
    const key = keyOf(view);
    const page = fillPanel(panel, { extensionUri, log, view, title, open: () => this.#source(view, title) });
    this.#open.set(key, page);
    panel.onDidDispose(() => {
      if (this.#open.get(key) !== page) return;
      this.#open.delete(key);
      this.#titles.forget(key);
    });
    try {
      return await page.session;
    } catch (error) {
      panel.dispose();
      throw error;
    }
  }

  async #source(view: PageView, title: string) {
    if (view.kind === 'runTable') return this.#runTable();
    if (view.kind === 'comparison') {
      const reader = await ComparisonReader.open(view, isTrusted);
      const openRun = (run: RunLocation, row: RowPlace | null): Promise<void> => this.openRun(run, run.id, row);
      // After a reload it is known by the title that it had.
      return { source: comparisonSource(reader, title, { openRun }), title: this.#titles.give(keyOf(view), [title]) };
    }
    return this.#run(view.run);
  }

  async #run(run: RunLocation) {
    const reader = await RunReader.open(run, isTrusted);
    const { asked, created } = reader.manifest;
    const { key, strategy, model, seed } = asked;
    const parts: [string, ...string[]] = [
      `${key}: ${stepName(formatStrategy(strategy))}`,
      model,
      seedText(seed),
      localTime(created),
      run.id,
    ];
    const source = runSource(reader, {
      openDiff: (left, right, predictor) => diffStates(run, left, right, predictor),
      openSource: (place) => showSource(run, place),
      placeOf: (program, predictor) => this.#parts.placeOf(program, predictor),
      copy: async (text) => {
        await vscode.env.clipboard.writeText(text);
      },
      openRun: (other) => this.openRun(other, other.id),
      act: (act) => this.#parts.act(act, run),
    });
    return { source, title: this.#titles.give(keyOf({ kind: 'run', run }), parts) };
  }

  async #runTable() {
    const { runs } = this.#parts;
    await runs.refresh();
    const source = runTableSource(runs, { act: (act, folders) => runs.act(act, folders), copyNumbers });
    return { source, title: runTableTitle, onDidChange: runs.onDidChange };
  }
}

async function copyNumbers(rows: readonly RunRow[]): Promise<void> {
  await vscode.env.clipboard.writeText(runNumbers(rows));
}

function isTrusted(): boolean {
  return vscode.workspace.isTrusted;
}

function runsOf(view: PageView): readonly RunLocation[] {
  if (view.kind === 'runTable') return [];
  if (view.kind === 'run') return [view.run];
  return view.runs.map((id) => ({ id, folder: join(runsFolder(view.root), id) }));
}

/** A panel is known by what it shows. */
function keyOf(view: PageView): string {
  switch (view.kind) {
    case 'run':
      return view.run.folder;
    case 'comparison':
      return JSON.stringify([view.root, view.id, view.runs]);
    case 'runTable':
      return view.kind;
  }
}
