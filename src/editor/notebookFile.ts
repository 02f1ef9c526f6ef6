/** The cells of a notebook that an editor shows, as the file would have them: without what they put out. Pure. */

/** A cell, as an editor has it. */
export interface ShownCell {
  readonly isCode: boolean;
  /** VS Code's name of its language: `python`. */
  readonly language: string;
  readonly text: string;
}

/** A notebook's file, in Jupyter's format. */
export function notebookFile(cells: readonly ShownCell[]): string {
  return JSON.stringify({ nbformat: 4, nbformat_minor: 4, metadata: {}, cells: cells.map(written) });
}

function written({ isCode, language, text }: ShownCell): object {
  const metadata = language === 'python' ? {} : { vscode: { languageId: language } };
  return isCode
    ? { cell_type: 'code', metadata, execution_count: null, outputs: [], source: text }
    : { cell_type: 'markdown', metadata: {}, source: '' };
}
