/** The rows of a step that searches: T to learn from and V to choose on. */
import { UsageError } from '../base/errors.ts';
import type { Example } from '../data/program.ts';
import { checkFolds } from './folds.ts';

/** As somebody wrote them; `null`: not at all. */
export interface AskedRows {
  readonly train: number | null;
  readonly validation: number | null;
  readonly folds: number | null;
}

export interface RowCounts {
  readonly train: number;
  readonly validation: number;
}

/**
 * Sizes of T and V for a training set of `rows` rows. They never overlap (paper, algorithm 2), but with folds, where both
 * are all rows.
 *
 * @param standard the sizes where they are not asked for, given those that are.
 * @param key see `OptimizerSpec.fit`.
 * @throws UsageError where there are not rows enough, or with folds sizes are asked for.
 */
export function rowCounts(
  { folds, ...asked }: AskedRows,
  rows: number,
  standard: (asked: Omit<AskedRows, 'folds'>) => RowCounts,
  key: string,
): RowCounts {
  if (rows < 2) {
    throw new UsageError(
      `"${key}" needs at least 2 training rows, one to learn from and one to choose on; there ${rows === 1 ? 'is' : 'are'} ${rows}.`,
    );
  }
  if (folds !== null) {
    checkFolds({ ...asked, folds }, rows, key);
    return { train: rows, validation: rows };
  }
  const { train, validation } = standard(asked);
  if (train >= 1 && validation >= 1 && train + validation <= rows) return { train, validation };
  const said = (name: keyof RowCounts, count: number) => asked[name] ?? `by default ${count}`;
  throw new UsageError(
    `"${key}.train" (${said('train', train)}) and "${key}.validation" (${said('validation', validation)}) together need ` +
      `more than the ${rows} rows that train has. Lower one of them.`,
  );
}

/** T and V, the next rows after it; with folds both are all rows. @param rows in the order of the step's shuffle. */
export function searchRows(
  { train, validation, folds }: RowCounts & { readonly folds?: number | null },
  rows: readonly Example[],
): { readonly train: readonly Example[]; readonly validation: readonly Example[] } {
  if (folds !== null && folds !== undefined) return { train: rows, validation: rows };
  return { train: rows.slice(0, train), validation: rows.slice(train, train + validation) };
}
