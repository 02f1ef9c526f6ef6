/** Everything behind the commands and views, made once, after activation has returned. */
import { join } from 'node:path';
import * as vscode from 'vscode';
import { messageOf } from '../data/errors.ts';
import { findRun } from '../run/runFolder.ts';
import { ApiKeys } from './apiKeys.ts';
import { commandTable } from './commands/commandTable.ts';
import { debounced } from './coalesce.ts';
import { Consents } from './consents.ts';
import type { Session } from './context.ts';
import { maintainContext } from './contextState.ts';
import { embeddedHome } from './embeddedModel.ts';
import { showError } from './errors.ts';
import { commandIds, viewIds } from './names.ts';
import { registerRunPanels } from './panel/runPanel.ts';
import { Evaluations } from './programs/evaluations.ts';
import { createFinder } from './programs/folderFinder.ts';
import { Knowledge } from './programs/knowledge.ts';
import { lensSelector, LensProvider } from './programs/lensProvider.ts';
import { ProgramIndex } from './programs/programIndex.ts';
import { Roots } from './roots.ts';
import { notifyOfEnds } from './runs/notifier.ts';
import { runName } from './runs/runItem.ts';
import { RunStarter } from './runs/runStarter.ts';
import { RunStore } from './runs/runStore.ts';
import { RunTaskProvider } from './runs/runTask.ts';
import type { TaskHooks } from './runs/runTask.ts';
import { createStatusBar } from './runs/statusBar.ts';
import { startFromTask } from './runs/startFromTask.ts';
import { offerTypes } from './sdkTypes.ts';
import { ProgramsView } from './views/programsView.ts';
import { RunsView } from './views/runsView.ts';

/** A process that writes to a new run's folder is seen by its manifest; what follows is read by the clock. */
const runChanges = '**/.bettertogether/runs/*/{manifest,state,label,process}.json';
const settleMs = 200;

export async function openSession(context: vscode.ExtensionContext, log: vscode.LogOutputChannel): Promise<Session> {
  const began = performance.now();
  const own = <T extends vscode.Disposable>(part: T): T => {
    context.subscriptions.push(part);
    return part;
  };
  // Panels of an earlier window wait until somebody says that they can be restored.
  registerRunPanels(context, { log });
  const dist = join(context.extensionPath, 'dist');
  const cli = join(dist, 'cli.js');
  const home = (): string => embeddedHome(context);
  const roots = own(new Roots());
  const programs = own(new ProgramIndex(createFinder(dist), roots, log));
  const runs = own(new RunStore(() => roots.all.map(({ folder }) => folder), log));
  const evaluations = new Evaluations(context.workspaceState);
  const knowledge = own(new Knowledge(programs, runs, evaluations));
  const keys = new ApiKeys(context.secrets);
  const consents = new Consents(context.workspaceState);
  const starter = new RunStarter({ cli, home, keys, runs, log });
  const parts = { context, log, cli, home, roots, programs, runs, knowledge, evaluations, keys, consents, starter };
  const tasks: RunTaskProvider = new RunTaskProvider(taskHooks(() => session));
  const session: Session = {
    ...parts,
    tasks,
    run: async (name, argument) => {
      log.info(`command ${name}`);
      try {
        await commandTable[name](session, argument);
      } catch (error) {
        showError(error, log);
      }
    },
  };

  own(vscode.languages.registerCodeLensProvider(lensSelector, own(new LensProvider(programs, knowledge))));
  const programsView = own(new ProgramsView(programs, knowledge, runs));
  own(vscode.window.createTreeView(viewIds.programs, { treeDataProvider: programsView, showCollapseAll: true }));
  const runsView = own(vscode.window.createTreeView(viewIds.runs, { treeDataProvider: own(new RunsView(runs)) }));
  own(runs.onDidChange(() => badge(runsView, runs)));
  own(createStatusBar(runs));
  own(notifyOfEnds(runs));
  watchRuns(own, runs);
  const state = own(maintainContext(programs, runs, roots));
  own(roots.onDidChange(() => void runs.refresh()));
  void roots.refresh().catch((error: unknown) => showError(error, log));
  await roots.ready;
  await runs.refresh();
  void programs
    .refresh()
    .then(() => state.looked())
    .then(() => offerTypes(session))
    .catch((error: unknown) => showError(error, log));
  log.info(`ready after ${Math.round(performance.now() - began)} ms: ${runs.all.length} runs`);
  return session;
}

function watchRuns(own: <T extends vscode.Disposable>(part: T) => T, runs: RunStore): void {
  const refresh = debounced(() => void runs.refresh(), settleMs);
  const watcher = own(vscode.workspace.createFileSystemWatcher(runChanges));
  for (const event of [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete]) own(event(refresh));
  own({ dispose: () => refresh.cancel() });
}

function badge(view: vscode.TreeView<unknown>, runs: RunStore): void {
  const running = runs.all.filter(({ status }) => status === 'running').length;
  view.badge = running === 0 ? undefined : { value: running, tooltip: `${running} at work` };
}

function taskHooks(session: () => Session): TaskHooks {
  return {
    programs: () => {
      const { roots } = session();
      const found = roots.all.flatMap(({ folder: root, loaded }) => {
        const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(root));
        return folder === undefined
          ? []
          : Object.keys(loaded.config.programs ?? {}).map((key) => ({ folder, root, key }));
      });
      return Promise.resolve(found);
    },
    start: (root, definition) => startFromTask(session(), root, definition),
    follow: (root, run) => findRun(root, run),
    left: (run) => void offerCancel(session(), run.folder),
    failed: (error) => showError(error, session().log),
  };
}

/** Closing a terminal is no wish to lose an hour of work: the run goes on unless the person says otherwise. */
async function offerCancel({ runs, starter, log }: Session, folder: string): Promise<void> {
  const item = runs.get(folder);
  if (item?.status !== 'running') return;
  const cancel = 'Cancel Run';
  const reopen = 'Show Terminal';
  const chosen = await vscode.window.showInformationMessage(
    `${runName(item)} goes on in the background.`,
    cancel,
    reopen,
  );
  try {
    if (chosen === cancel) await starter.cancel(item);
    if (chosen === reopen) await vscode.commands.executeCommand(commandIds.followRun, folder);
  } catch (error) {
    log.warn(messageOf(error));
    showError(error, log);
  }
}
