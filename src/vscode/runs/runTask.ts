/** The task type `bettertogether`: a run in tasks.json, and the terminal in which any run can be followed. */
import { join } from 'node:path';
import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import * as z from 'zod';
import { UsageError } from '../../base/errors.ts';
import type { RunLocation } from '../../run/record/runFolder.ts';
import { taskType } from '../../editor/names.ts';
import { uiText } from '../../editor/uiText.ts';
import { RunTerminal } from './runTerminal.ts';

/** `definition` of a task. With `run` it follows that run, else it starts one of `program`. */
const definitionSchema = z.object({
  type: z.literal(taskType),
  program: z.string().optional(),
  /** Relative to the workspace folder: where the `bettertogether.json` is. */
  folder: z.string().optional(),
  strategy: z.string().optional(),
  seed: z.number().int().nonnegative().optional(),
  endpoint: z.string().optional(),
  model: z.string().optional(),
  budget: z
    .object({ calls: z.number().optional(), tokens: z.number().optional(), usd: z.number().optional() })
    .optional(),
  run: z.string().optional(),
});
export type RunDefinition = z.infer<typeof definitionSchema>;

export interface TaskHooks {
  /** Programs that have all they need in a configuration. */
  programs(): Promise<
    readonly { readonly folder: vscode.WorkspaceFolder; readonly root: string; readonly key: string }[]
  >;
  /** Starts a run after the person agreed to what it costs. */
  start(root: string, definition: RunDefinition): Promise<RunLocation>;
  follow(root: string, run: string): Promise<RunLocation>;
  left(run: RunLocation): void;
  failed(error: unknown): void;
}

export class RunTaskProvider implements vscode.TaskProvider {
  readonly #hooks: TaskHooks;
  /** Ids of runs whose terminal is about to be closed by us. */
  readonly #letGo = new Set<string>();

  constructor(hooks: TaskHooks) {
    this.#hooks = hooks;
  }

  async provideTasks(): Promise<vscode.Task[]> {
    const programs = await this.#hooks.programs();
    return programs.map(({ folder, root, key }) => {
      const inside = root === folder.uri.fsPath ? {} : { folder: root.slice(folder.uri.fsPath.length + 1) };
      // In English in every language: tasks.json and keybindings.json name a task by it.
      return this.#task({ type: taskType, program: key, ...inside }, folder, `optimize ${key}`);
    });
  }

  /** VS Code wants the very same definition object back. */
  resolveTask(task: vscode.Task): vscode.Task | undefined {
    const parsed = definitionSchema.safeParse(task.definition);
    if (!parsed.success || (parsed.data.program === undefined && parsed.data.run === undefined)) return undefined;
    return this.#task(task.definition, task.scope ?? vscode.TaskScope.Workspace, task.name);
  }

  /** Follows a run that is there already. @param shown its terminal comes to the front. */
  followTask(
    folder: vscode.WorkspaceFolder,
    root: string,
    run: RunLocation,
    name: string,
    shown: boolean,
  ): vscode.Task {
    const inside = root === folder.uri.fsPath ? {} : { folder: root.slice(folder.uri.fsPath.length + 1) };
    return this.#task({ type: taskType, run: run.id, ...inside }, folder, name, shown);
  }

  /** The next terminal of the run that closes was not closed by the person. */
  letGo({ id }: RunLocation): void {
    this.#letGo.add(id);
  }

  #left(run: RunLocation): void {
    if (!this.#letGo.delete(run.id)) this.#hooks.left(run);
  }

  #task(
    definition: vscode.TaskDefinition,
    scope: vscode.WorkspaceFolder | vscode.TaskScope,
    name: string,
    shown = false,
  ): vscode.Task {
    const execution = new vscode.CustomExecution((resolved) =>
      Promise.resolve(
        new RunTerminal({
          begin: () => this.#begin(resolved, scope),
          left: (run) => this.#left(run),
          failed: (error) => this.#hooks.failed(error),
        }),
      ),
    );
    // No problems are in what a run prints: without a list VS Code asks for one each time.
    const task = new vscode.Task(definition, scope, uiText(name), 'BetterTogether', execution, []);
    task.isBackground = true;
    task.detail =
      'program' in definition ? l10n.t('searches prompts and fine-tunes weights in turn') : l10n.t('follows the run');
    task.presentationOptions = {
      reveal: shown ? vscode.TaskRevealKind.Always : vscode.TaskRevealKind.Silent,
      panel: vscode.TaskPanelKind.Dedicated,
      clear: true,
    };
    return task;
  }

  async #begin(
    definition: vscode.TaskDefinition,
    scope: vscode.WorkspaceFolder | vscode.TaskScope,
  ): Promise<RunLocation> {
    const parsed = definitionSchema.parse(definition);
    const folder = typeof scope === 'object' ? scope : vscode.workspace.workspaceFolders?.[0];
    if (folder === undefined) throw new UsageError(l10n.t('A task of BetterTogether needs an open folder.'));
    const root = parsed.folder === undefined ? folder.uri.fsPath : join(folder.uri.fsPath, parsed.folder);
    if (parsed.run !== undefined) return this.#hooks.follow(root, parsed.run);
    return this.#hooks.start(root, parsed);
  }
}
