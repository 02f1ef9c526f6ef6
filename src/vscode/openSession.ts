/** Everything behind the commands and views, made once, after activation has returned. */
import './base/language.ts';
import { join } from 'node:path';
import * as l10n from '../base/l10n.ts';
import * as vscode from 'vscode';
import { messageOf } from '../base/errors.ts';
import { findRun } from '../run/record/runFolder.ts';
import { ApiKeys } from './keys/apiKeys.ts';
import type { ResolvedProgram } from '../config/resolved.ts';
import { ChatModels } from './models/chatModels.ts';
import { allowModelsOf, WantedModels } from './models/modelPermission.ts';
import { offerResume } from './models/resumeOffer.ts';
import { WindowServer } from './models/windowServer.ts';
import { childEnvironment } from './processes/childProcess.ts';
import { commandTable } from './commands/commandTable.ts';
import { debounced } from '../editor/coalesce.ts';
import { Consents } from './keys/consents.ts';
import type { Act } from '../page/acts.ts';
import type { Session } from './session/session.ts';
import { maintainContext } from './contextState.ts';
import { embeddedHome } from './processes/embeddedModel.ts';
import { showError } from './base/errors.ts';
import { notify } from './base/messages.ts';
import { registerReadOnlyTexts } from './base/readOnlyText.ts';
import { commandIds, viewIds } from '../editor/names.ts';
import type { CommandName } from '../editor/names.ts';
import { Panels } from './panel/panels.ts';
import type { WindowRuns } from './panel/panels.ts';
import type { TableAct } from '../view/runRow.ts';
import { ComparisonStore } from './runs/comparisonStore.ts';
import { Evaluations } from './programs/evaluations.ts';
import { createFinder } from '../editor/finder.ts';
import { Knowledge } from './programs/knowledge.ts';
import { lensSelector, LensProvider } from './views/lensProvider.ts';
import { predictorPlace } from '../editor/items/predictorPlace.ts';
import { ProgramIndex } from './programs/programIndex.ts';
import { chosenPython } from './processes/interpreter.ts';
import { Roots } from './programs/roots.ts';
import { notifyOfEnds } from './views/notifier.ts';
import { runName } from '../editor/items/runItem.ts';
import { RunStarter } from './runs/runStarter.ts';
import { RunStore } from './runs/runStore.ts';
import { RunTaskProvider } from './runs/runTask.ts';
import type { TaskHooks } from './runs/runTask.ts';
import { createStatusBar } from './views/statusBar.ts';
import { startFromTask } from './commands/startFromTask.ts';
import { offerTypes } from './commands/sdkTypes.ts';
import { ProgramsView } from './views/programsView.ts';
import { RunsView } from './views/runsView.ts';
import { editorHost } from './tools/editorHost.ts';
import { languageModelTools } from './tools/languageModelTools.ts';
import { TestExplorer } from './testing/testExplorer.ts';
import type { Log } from './base/log.ts';

/** A process that writes to a new run's folder is seen by its manifest; what follows is read by the clock. */
const runChanges = '**/.bettertogether/runs/*/{manifest,state,label,process}.json';
const comparisonChanges = '**/.bettertogether/comparisons/*/{record,lock}.json';
const settleMs = 200;

/** What the buttons of a run's page do. */
const actCommands: Readonly<Record<Act, CommandName>> = {
  cancel: 'cancel',
  resume: 'resume',
  prompts: 'showPromptChanges',
  compare: 'compareRuns',
  report: 'saveReport',
  export: 'exportProgram',
};

/** What is done with the runs that are ticked in the table of all runs. */
const tableCommands: Readonly<Record<TableAct | 'open', CommandName>> = {
  open: 'openRun',
  compare: 'compareRuns',
  report: 'saveReport',
  delete: 'deleteRun',
};

export async function openSession(context: vscode.ExtensionContext, log: Log): Promise<Session> {
  const began = performance.now();
  const own = <T extends vscode.Disposable>(part: T): T => {
    context.subscriptions.push(part);
    return part;
  };
  const dist = join(context.extensionPath, 'dist');
  const cli = join(dist, 'cli.js');
  const home = (): string => embeddedHome(context);
  const environment = environmentOf(home, log);
  const roots = own(new Roots());
  const programs = own(new ProgramIndex(createFinder(dist), roots, log));
  const runs = own(new RunStore(() => roots.all.map(({ folder }) => folder), log));
  // Panels of an earlier window wait for this before they can be restored.
  const panels = own(
    new Panels({
      extensionUri: context.extensionUri,
      log,
      placeOf: (program, predictor) => predictorPlace(programs.all, program, predictor),
      act: (act, run) => session.run(actCommands[act], run.folder),
      runs: windowRuns(roots, runs, (name, argument, all) => session.run(name, argument, all)),
    }),
  );
  const comparisons = own(new ComparisonStore(() => roots.all.map(({ folder }) => folder)));
  const evaluations = new Evaluations(context.workspaceState);
  const knowledge = own(new Knowledge(programs, runs, evaluations));
  const keys = new ApiKeys(context.secrets);
  const consents = new Consents(context.workspaceState);
  const chatModels = chatModelsOf(context, log);
  const ready = (config: ResolvedProgram): Promise<void> => allowModelsOf(chatModels, config);
  const starter = new RunStarter({ cli, environment, keys, ready, runs, log });
  const services = { keys, consents, starter, chatModels, evaluations, knowledge };
  const parts = { context, log, cli, home, environment, roots, programs, panels, runs, comparisons, ...services };
  const tasks: RunTaskProvider = new RunTaskProvider(taskHooks(() => session));
  const session: Session = {
    ...parts,
    tasks,
    languageModelTools: languageModelTools(() => editorHost(session), log),
    tests: () => tests,
    run: async (name, argument, all) => {
      log.info(`command ${name}`);
      try {
        const about = trees.nodes(argument, all);
        if (about !== null) await commandTable[name](session, ...about);
      } catch (error) {
        showError(error, log);
      }
    },
  };

  const tests = own(new TestExplorer(session));
  own(vscode.languages.registerCodeLensProvider(lensSelector, own(new LensProvider(programs, knowledge))));
  const trees = openTrees(own, session);
  own(createStatusBar(runs));
  own(registerReadOnlyTexts());
  own(notifyOfEnds(runs, comparisons));
  watchRuns(own, runs, comparisons);
  const state = own(maintainContext(programs, runs, comparisons, roots));
  own(roots.onDidChange(() => void Promise.all([runs.refresh(), comparisons.refresh()])));
  void roots.refresh().catch((error: unknown) => showError(error, log));
  await roots.ready;
  await Promise.all([runs.refresh(), comparisons.refresh()]);
  own(serveWindow(session));
  void programs
    .refresh()
    .then(() => state.looked())
    .then(() => offerTypes(session))
    .catch((error: unknown) => showError(error, log));
  log.info(`ready after ${Math.round(performance.now() - began)} ms: ${runs.all.length} runs`);
  return session;
}

/** Of processes that are started for a folder, with the Python that is chosen there. */
function environmentOf(home: () => string, log: Log): Session['environment'] {
  return async (root, extra = {}) => {
    const chosen = await chosenPython(root, log);
    return childEnvironment(process.env, home(), {
      ...extra,
      ...(chosen !== null && { BETTERTOGETHER_PYTHON: chosen.python }),
    });
  };
}

/** Those that a run waits for are offered to be allowed. */
function chatModelsOf(context: vscode.ExtensionContext, log: Log): ChatModels {
  const wanted = new WantedModels(log);
  const models: ChatModels = new ChatModels(context, (model) => void wanted.offer(models, model));
  return models;
}

/** The models of VS Code answer runs of the folders that name them. */
function serveWindow({ chatModels: models, roots, runs, log }: Session): vscode.Disposable {
  return new WindowServer({
    models,
    log,
    isWanted: () =>
      roots.all.some(({ loaded }) =>
        Object.values(loaded.config.endpoints ?? {}).some(({ kind }) => kind === 'editor'),
      ),
    onDidChange: roots.onDidChange,
    onOpened: () => void offerResume(runs.all).catch((error: unknown) => log.warn(messageOf(error))),
  });
}

function windowRuns(roots: Roots, runs: RunStore, run: Session['run']): WindowRuns {
  return {
    get all() {
      return runs.all;
    },
    folderName: (root) => {
      const { all } = roots;
      return all.length === 1 ? null : (all.find(({ folder }) => folder === root)?.name ?? root);
    },
    onDidChange: runs.onDidChange,
    refresh: async () => {
      await roots.ready;
      await runs.refresh();
    },
    // As the Runs view calls them: with one of the runs, and with all.
    act: (act, folders) => run(tableCommands[act], folders[0], folders),
  };
}

/** The two trees, in each of which several things can be selected. */
function openTrees(
  own: <T extends vscode.Disposable>(part: T) => T,
  { programs, knowledge, runs, comparisons }: Session,
): Trees {
  const programsTree = { treeDataProvider: own(new ProgramsView(programs, knowledge, runs)), showCollapseAll: true };
  own(vscode.window.createTreeView(viewIds.programs, { ...programsTree, canSelectMany: true }));
  const runsTree = { treeDataProvider: own(new RunsView(runs, comparisons)), canSelectMany: true };
  const runsView = own(vscode.window.createTreeView(viewIds.runs, runsTree));
  own(runs.onDidChange(() => badge(runsView, runs)));
  return {
    nodes: (argument, all) => {
      if (!isOfRunsTree(argument)) return [argument, all];
      const selected = runsView.selection.filter(({ kind }) => kind === 'run');
      return selected.length === 0 ? null : [selected[0], selected];
    },
  };
}

function isOfRunsTree(argument: unknown): boolean {
  if (typeof argument !== 'object' || argument === null || !('selectedIn' in argument)) return false;
  return argument.selectedIn === viewIds.runs;
}

interface Trees {
  /**
   * What a command is about, and all that is selected. Called by a key it gets no node: package.json names the tree in its
   * argument.
   *
   * @returns `null`: no run is selected in that tree, so there is nothing to do.
   */
  nodes(argument: unknown, all: unknown): readonly [argument: unknown, all: unknown] | null;
}

function watchRuns(
  own: <T extends vscode.Disposable>(part: T) => T,
  runs: RunStore,
  comparisons: ComparisonStore,
): void {
  const watch = (pattern: string, read: () => Promise<void>): void => {
    const refresh = debounced(() => void read(), settleMs);
    const watcher = own(vscode.workspace.createFileSystemWatcher(pattern));
    for (const event of [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete]) own(event(refresh));
    own({ dispose: () => refresh.cancel() });
  };
  watch(runChanges, runs.refresh);
  watch(comparisonChanges, comparisons.refresh);
  // No file shows whether its process lives.
  own(runs.onDidEnd(() => void comparisons.refresh()));
}

function badge(view: vscode.TreeView<unknown>, runs: RunStore): void {
  const running = runs.all.filter(({ status }) => status === 'running').length;
  view.badge = running === 0 ? undefined : { value: running, tooltip: l10n.t`${running} at work` };
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
  const cancel = l10n.t('Cancel Run');
  const reopen = l10n.t('Show Terminal');
  const chosen = await notify('info', l10n.t`${runName(item)} goes on in the background.`, cancel, reopen);
  try {
    if (chosen === cancel) await starter.cancel(item);
    if (chosen === reopen) await vscode.commands.executeCommand(commandIds.followRun, folder);
  } catch (error) {
    log.warn(messageOf(error));
    showError(error, log);
  }
}
