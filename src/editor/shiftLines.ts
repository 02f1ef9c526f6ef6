/** A change of a document: lines `start` to `end` (from 0) became `text`. */
export interface LineChange {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Where a line (from 1) went with a change, so that lenses stay above their programs until the source is read again.
 */
export function shiftLine(line: number, { start, end, text }: LineChange): number {
  if (line - 1 <= start) return line;
  const added = text.split('\n').length - 1;
  if (line - 1 > end) return line + added - (end - start);
  return Math.min(line, start + 1 + added);
}

/** A change of a notebook: cells `start` to `end` (from 0, without it) became `added` others. */
export interface CellChange {
  readonly start: number;
  readonly end: number;
  readonly added: number;
}

/** Where a cell (from 1) went with a change. */
export function shiftCell(cell: number, { start, end, added }: CellChange): number {
  return cell > end ? cell + added - (end - start) : cell;
}
