/** Runs a program where the person sees it: without a shell, so that nothing in an argument is a command. */
import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import { uiText } from '../../editor/uiText.ts';
import { notify } from './messages.ts';

interface Program {
  readonly program: string;
  readonly args: readonly string[];
  readonly folder: string;
}

/** As a task, whose terminal stays when the program has ended: what it printed is what says why it failed. */
export async function runVisibly(title: string, { program, args, folder }: Program): Promise<void> {
  const process = new vscode.ProcessExecution(program, [...args], { cwd: folder });
  const scope = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(folder)) ?? vscode.TaskScope.Workspace;
  const task = new vscode.Task({ type: 'process', title }, scope, uiText(title), 'BetterTogether', process, []);
  task.presentationOptions = {
    reveal: vscode.TaskRevealKind.Always,
    panel: vscode.TaskPanelKind.Dedicated,
    clear: true,
  };
  const execution = await vscode.tasks.executeTask(task);
  const code = await exitOf(execution);
  if (code === 0) return void notify('info', l10n.t`${title}: done.`);
  const line = `\`${[program, ...args].join(' ')}\``;
  const said =
    code === undefined
      ? l10n.t`${title} ended with a signal: ${line} in ${folder}. Its terminal says why.`
      : l10n.t`${title} ended with ${code}: ${line} in ${folder}. Its terminal says why.`;
  void notify('error', said);
}

/** `undefined`: it did not end by itself, or never began. */
function exitOf(execution: vscode.TaskExecution): Promise<number | undefined> {
  return new Promise((resolve) => {
    let code: number | undefined;
    const process = vscode.tasks.onDidEndTaskProcess((event) => {
      if (event.execution === execution) code = event.exitCode;
    });
    // It comes last, and for a program that could not be started it comes alone.
    const task = vscode.tasks.onDidEndTask((event) => {
      if (event.execution !== execution) return;
      vscode.Disposable.from(process, task).dispose();
      resolve(code);
    });
  });
}
