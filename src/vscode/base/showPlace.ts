/** Opens a place in a source: a line of a file, or of a cell in a notebook. */
import * as vscode from 'vscode';
import type { SourceLocation } from '../../data/program.ts';
import { isNotebook } from '../../notebook/notebookText.ts';

/** @param place its file is absolute; a line that is not there any more is the nearest one. */
export async function showPlace(
  { file, line, cell }: SourceLocation,
  viewColumn: vscode.ViewColumn = vscode.ViewColumn.Active,
): Promise<void> {
  const uri = vscode.Uri.file(file);
  const at = Math.max(0, line - 1);
  const selection = new vscode.Range(at, 0, at, 0);
  if (cell === undefined || !isNotebook(file)) {
    await vscode.window.showTextDocument(uri, { viewColumn, selection });
    return;
  }
  const notebook = await vscode.workspace.openNotebookDocument(uri);
  const index = Math.min(cell, notebook.cellCount) - 1;
  const selections = index < 0 ? [] : [new vscode.NotebookRange(index, index + 1)];
  const editor = await vscode.window.showNotebookDocument(notebook, { viewColumn, selections });
  if (index < 0) return;
  editor.revealRange(selections[0]!, vscode.NotebookEditorRevealType.InCenterIfOutsideViewport);
  // The document of a cell is opened in its notebook, with the line of it in sight.
  await vscode.commands.executeCommand('vscode.open', notebook.cellAt(index).document.uri, { selection });
}
