import * as vscode from 'vscode';
import type { RunLocation } from '../../run/record/runFolder.ts';
import type { Session } from '../session/session.ts';

/** Opens the terminal that follows a run, or leaves the one that does. @param shown it comes to the front. */
export async function followRun(
  { tasks }: Pick<Session, 'tasks'>,
  root: string,
  run: RunLocation,
  name: string,
  shown = false,
): Promise<void> {
  const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(root));
  if (folder === undefined) return;
  const followed = vscode.tasks.taskExecutions.some(({ task }) => task.definition['run'] === run.id);
  if (!followed) await vscode.tasks.executeTask(tasks.followTask(folder, root, run, name, shown));
}
