/** Which rows of the table are shown, and in which order. Pure; what is drawn again and again is remembered. */
import { shownNumber } from '../src/view/words.ts';
import type { Answer } from '../src/viewProtocol/answers.ts';
import type { ExampleRow } from '../src/viewProtocol/examples.ts';
import { lastCall } from './lastCall.ts';
import { exampleFilters } from './model.ts';
import type { ExampleFilter, Kept } from './model.ts';

/** Columns that are compared, by place. */
export interface Compared {
  readonly from: number;
  readonly to: number;
}

/** Whether any row has a score in each column. */
const scoredColumns = lastCall(({ columns, rows }: Answer<'examples'>): readonly boolean[] =>
  columns.map((_, column) => rows.some(({ scores }) => scores[column] !== null)),
);

/** The chosen columns; else the first that has scores, and the last. */
export function comparedColumns(answer: Answer<'examples'>, { from, to }: Pick<Kept, 'from' | 'to'>): Compared {
  const { columns } = answer;
  const scored = scoredColumns(answer);
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

export type MatchCounts = Readonly<Record<ExampleFilter, number>>;

/** How many rows each filter leaves. */
export function countMatches(rows: readonly ExampleRow[], compared: Compared, threshold: number): MatchCounts {
  const counts = { all: 0, fixed: 0, broken: 0, failed: 0, stillWrong: 0 };
  for (const row of rows)
    for (const filter of exampleFilters) if (matches(row, filter, compared, threshold)) counts[filter]++;
  return counts;
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

const filtered = lastCall(
  (
    answer: Answer<'examples'>,
    ...[filter, search, by, descending, from, to, threshold]: [
      ...[Kept['filter'], string, string, boolean, number, number, number],
    ]
  ): readonly ExampleRow[] => chosenRows(answer, { filter, search, sort: { by, descending } }, { from, to }, threshold),
);

/** The same as `chosenRows`, and the same array until one of these is another. */
export function shownRows(
  answer: Answer<'examples'>,
  { filter, search, sort }: Pick<Kept, 'filter' | 'search' | 'sort'>,
  { from, to }: Compared,
  threshold: number,
): readonly ExampleRow[] {
  return filtered(answer, filter, search, sort.by, sort.descending, from, to, threshold);
}
