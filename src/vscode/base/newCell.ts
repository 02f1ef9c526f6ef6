/** A cell that is put into a notebook that is open: the person sees it, and can undo it. */
import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import { HumanError } from '../../base/errors.ts';
import type { PythonCode } from '../../run/code/code.ts';
import { showPlace } from './showPlace.ts';

/** @param after the cell (from 1) that it comes behind; without it, at the end. */
export async function insertCell(file: string, after: number | undefined, code: PythonCode): Promise<void> {
  const notebook = await vscode.workspace.openNotebookDocument(vscode.Uri.file(file));
  const index = Math.min(after ?? notebook.cellCount, notebook.cellCount);
  const cell = new vscode.NotebookCellData(vscode.NotebookCellKind.Code, String(code).trimEnd(), 'python');
  const edit = new vscode.WorkspaceEdit();
  edit.set(notebook.uri, [vscode.NotebookEdit.insertCells(index, [cell])]);
  if (!(await vscode.workspace.applyEdit(edit))) {
    throw new HumanError(l10n.t`${file} could not be changed: a cell cannot be put into it now.`);
  }
  await showPlace({ file, cell: index + 1, line: 1 });
}
