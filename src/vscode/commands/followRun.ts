import * as vscode from 'vscode';
import type { RunLocation } from '../../run/record/runFolder.ts';
import type { Session } from '../session/session.ts';

/**
 * Opens the terminal that follows a run, or leaves the one that does.
 *
 * @param shown it comes to the front. VS Code reveals a task's terminal only when it opens, so that one which is open gives way
 * to another; that shows the log from its beginning too.
 */
export async function followRun(
  { tasks }: Pick<Session, 'tasks'>,
  root: string,
  run: RunLocation,
  name: string,
  shown = false,
): Promise<void> {
  const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(root));
  if (folder === undefined) return;
  const open = vscode.tasks.taskExecutions.find(({ task }) => task.definition['run'] === run.id);
  if (open !== undefined) {
    if (!shown) return;
    tasks.letGo(run);
    await ended(open);
  }
  await vscode.tasks.executeTask(tasks.followTask(folder, root, run, name, shown));
}

/** Ends it. As long as it is at work, VS Code asks what to do with it when the same task starts again. */
function ended(execution: vscode.TaskExecution): Promise<void> {
  return new Promise((resolve) => {
    const listening = vscode.tasks.onDidEndTask((event) => {
      if (event.execution !== execution) return;
      listening.dispose();
      resolve();
    });
    execution.terminate();
  });
}
