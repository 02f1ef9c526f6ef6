import { sep } from 'node:path';
import * as vscode from 'vscode';

/** The name of the folder of the window that a path lies in, where there are several; '' where it goes without saying. */
export function folderNameOf(path: string): string {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length < 2) return '';
  const around = folders.filter(({ uri }) => path === uri.fsPath || path.startsWith(uri.fsPath + sep));
  return around.toSorted((a, b) => b.uri.fsPath.length - a.uri.fsPath.length)[0]?.name ?? '';
}
