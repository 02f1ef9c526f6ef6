/** Cells of a notebook, and the Python that they add up to, with the place of every line. */

export interface Cell {
  /** From 1, counting all cells, those of text too, as editors count them ("Cell 5 of 12"). */
  readonly number: number;
  readonly code: string;
  /** The line of the file on which the code begins, for marimo; 1 for Jupyter, whose cells have lines of their own. */
  readonly line: number;
  /** Why the cell is no Python, where it is none: "it is a cell of sql". */
  readonly notPython?: string;
}

export interface CellPlace {
  readonly cell: number;
  /** From 1: of the cell for Jupyter, of the file for marimo. */
  readonly line: number;
}

export interface LeftOut extends CellPlace {
  /** A sentence without its end: "`%matplotlib inline` is a magic". */
  readonly why: string;
  /** Names that would have been bound by it (`files = !ls`). */
  readonly binds?: readonly string[];
  /** The file that the cell would have written (`%%writefile helpers.py`). */
  readonly writes?: string;
}
