/** Which rows of the table are shown, and in which order. Pure. */
import { shownNumber } from '../src/view/words.ts';
import type { Answer, ExampleRow } from '../src/viewProtocol.ts';
import type { ExampleFilter, Kept } from './model.ts';

/** Columns that are compared, by place. */
export interface Compared {
  readonly from: number;
  readonly to: number;
}

/** The chosen columns; else the first that has scores, and the last. */
export function comparedColumns(
  { columns, rows }: Answer<'examples'>,
  { from, to }: Pick<Kept, 'from' | 'to'>,
): Compared {
  const scored = columns.map((_, column) => rows.some(({ scores }) => scores[column] !== null));
  const place = (name: string | null): number | null => {
    const found = name === null ? -1 : columns.indexOf(name);
    return found < 0 ? null : found;
  };
  return {
    from: place(from) ?? Math.max(0, scored.indexOf(true)),
    to: place(to) ?? Math.max(0, scored.lastIndexOf(true)),
  };
}

export function matches(row: ExampleRow, filter: ExampleFilter, { from, to }: Compared, threshold: number): boolean {
  if (filter === 'all') return true;
  if (filter === 'failed') return row.failed[to] === true;
  const [before, after] = [row.scores[from] ?? null, row.scores[to] ?? null];
  if (before === null || after === null) return false;
  const [wasRight, isRight] = [before >= threshold, after >= threshold];
  if (filter === 'fixed') return !wasRight && isRight;
  if (filter === 'broken') return wasRight && !isRight;
  return !wasRight && !isRight;
}

export function countMatches(
  rows: readonly ExampleRow[],
  filter: ExampleFilter,
  compared: Compared,
  threshold: number,
): number {
  return rows.reduce((sum, row) => sum + (matches(row, filter, compared, threshold) ? 1 : 0), 0);
}

export function chosenRows(
  { columns, rows }: Answer<'examples'>,
  { filter, search, sort }: Pick<Kept, 'filter' | 'search' | 'sort'>,
  compared: Compared,
  threshold: number,
): readonly ExampleRow[] {
  const wanted = search.trim().toLowerCase();
  const found = rows.filter(
    (row) =>
      matches(row, filter, compared, threshold) &&
      (wanted === '' || row.preview.toLowerCase().includes(wanted) || String(shownNumber(row.example)) === wanted),
  );
  const column = columns.indexOf(sort.by);
  const value = ({ example, scores }: ExampleRow): number =>
    column < 0 ? example : (scores[column] ?? Number.NEGATIVE_INFINITY);
  const direction = sort.descending ? -1 : 1;
  // Rows that score the same stay in the order of the file.
  return found.toSorted((a, b) => {
    const [x, y] = [value(a), value(b)];
    return x === y ? a.example - b.example : x < y ? -direction : direction;
  });
}
