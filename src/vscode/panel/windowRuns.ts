import * as vscode from 'vscode';
import type { RunLocation } from '../../run/record/runFolder.ts';
import { isRunIn } from './ownRuns.ts';

/** Whether a run lies in a folder of this window. */
export function isRunOfWindow(run: RunLocation): boolean {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
  return isRunIn(
    folders.map(({ uri }) => uri.fsPath),
    run,
  );
}
