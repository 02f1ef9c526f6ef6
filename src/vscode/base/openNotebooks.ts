/** Jupyter notebooks that are open: VS Code gives each cell a document of its own. */
import * as vscode from 'vscode';
import { notebookFile } from '../../editor/notebookFile.ts';
import { isNotebook } from '../../notebook/notebookText.ts';

const cellScheme = 'vscode-notebook-cell';
/** What VS Code's own support of Jupyter notebooks calls them. */
export const jupyterType = 'jupyter-notebook';

/** Where a document stands: a file, or a cell (from 1) of a notebook's file. */
export interface DocumentPlace {
  readonly file: string;
  readonly cell: number | null;
}

/** `null`: of no file, as long as it was not saved, or of a notebook that is none of Jupyter's. */
export function placeOf({ uri }: Pick<vscode.TextDocument, 'uri'>): DocumentPlace | null {
  if (uri.scheme === 'file') return { file: uri.fsPath, cell: null };
  if (uri.scheme !== cellScheme) return null;
  const cell = uri.toString();
  for (const notebook of openNotebooks()) {
    const index = notebook.getCells().findIndex(({ document }) => document.uri.toString() === cell);
    if (index >= 0) return { file: notebook.uri.fsPath, cell: index + 1 };
  }
  return null;
}

/** The notebook that is open of a file. */
export function notebookOf(file: string): vscode.NotebookDocument | undefined {
  return openNotebooks().find(({ uri }) => uri.fsPath === file);
}

/** What an editor shows of a file or of a notebook. */
export function shownDocument(file: string): vscode.TextDocument | vscode.NotebookDocument | undefined {
  const isShown = ({ uri }: vscode.TextDocument): boolean => uri.scheme === 'file' && uri.fsPath === file;
  return notebookOf(file) ?? vscode.workspace.textDocuments.find(isShown);
}

/** As its file would have it if it were saved now. */
export function textOf(notebook: vscode.NotebookDocument): string {
  return notebookFile(
    notebook.getCells().map(({ kind, document }) => ({
      isCode: kind === vscode.NotebookCellKind.Code,
      language: document.languageId,
      text: document.getText(),
    })),
  );
}

export function isJupyter({ uri }: Pick<vscode.NotebookDocument, 'uri'>): boolean {
  return uri.scheme === 'file' && isNotebook(uri.fsPath);
}

function openNotebooks(): readonly vscode.NotebookDocument[] {
  return vscode.workspace.notebookDocuments.filter(isJupyter);
}
