/** Notebooks, Jupyter's and marimo's, as Python text: what every reader of them begins with. */
import type { Cell, CellPlace, LeftOut } from './cell.ts';
import { jupyterCells } from './jupyter.ts';
import { withoutMagics } from './magics.ts';
import { marimoCells } from './marimo.ts';

export type { Cell, CellPlace, LeftOut } from './cell.ts';
export { isMarimo } from './marimo.ts';

export interface NotebookText {
  /** Python of all code cells, in order; what is left out is blank, so that lines stay. */
  readonly text: string;
  /** Of each line of `text`, the first at index 0. */
  readonly places: readonly CellPlace[];
  /** Magics, and cells that are not Python. */
  readonly leftOut: readonly LeftOut[];
}

/** Whether a file is a Jupyter notebook, by its name. */
export function isNotebook(file: string): boolean {
  return /\.ipynb$/i.test(file);
}

/**
 * The code cells of a notebook: of a file that `isNotebook`, or whose text `isMarimo`.
 *
 * @param file its path, for errors.
 * @throws UsageError naming the file: no notebook, or one of another language than Python.
 */
export function cellsOf(file: string, content: string): readonly Cell[] {
  return isNotebook(file) ? jupyterCells(file, content) : marimoCells(content);
}

export function textOfCells(cells: readonly Cell[]): NotebookText {
  const read = cells.map(withoutMagics);
  const lines = read.flatMap((each) => each.lines);
  return {
    text: lines.map((line) => `${line}\n`).join(''),
    places: read.flatMap((each, i) =>
      each.lines.map((_, at) => ({ cell: cells[i]!.number, line: cells[i]!.line + at })),
    ),
    leftOut: read.flatMap((each) => each.leftOut),
  };
}
