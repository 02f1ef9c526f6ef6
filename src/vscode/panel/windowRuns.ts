import { basename, dirname, isAbsolute, relative, resolve } from 'node:path';
import * as vscode from 'vscode';
import { runsFolder, workspaceAround } from '../../run/record/runFolder.ts';
import type { RunLocation } from '../../run/record/runFolder.ts';

/** Whether a run lies in a folder of this window. */
export function isRunOfWindow(run: RunLocation): boolean {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
  return isRunIn(
    folders.map(({ uri }) => uri.fsPath),
    run,
  );
}

/**
 * Whether a run lies in one of the folders that are open. Asked of what comes back from VS Code's storage or out of a
 * URI: any other folder is not ours to read.
 *
 * @param folders absolute paths.
 */
export function isRunIn(folders: readonly string[], { id, folder }: RunLocation): boolean {
  // `resolve` leaves a path alone that is absolute and has no `..` in it.
  if (resolve(folder) !== folder || basename(folder) !== id) return false;
  const workspace = workspaceAround(folder);
  if (dirname(folder) !== runsFolder(workspace)) return false;
  return folders.some((open) => {
    const path = relative(open, workspace);
    return path !== '..' && !path.startsWith('../') && !path.startsWith('..\\') && !isAbsolute(path);
  });
}
