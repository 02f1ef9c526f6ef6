import { UsageError } from '../base/errors.ts';
import type { Example } from '../data/program.ts';

/**
 * Where there is no dev file: a fifth of train, drawn by `shuffle` (seeded, see `rowsFor`), is held out. Both parts keep the rows'
 * own ids and the file's order.
 *
 * @throws UsageError when train is too small to be divided.
 */
export function holdOutDev(
  train: readonly Example[],
  shuffle: (rows: readonly Example[]) => readonly Example[],
): { readonly train: readonly Example[]; readonly dev: readonly Example[] } {
  if (train.length < 5) {
    throw new UsageError(
      `Without "dev" a fifth of train is held out, and ${train.length} rows cannot spare one: name a dev file, or add rows.`,
    );
  }
  const held = new Set(
    shuffle(train)
      .slice(0, Math.floor(train.length / 5))
      .map((row) => row.id),
  );
  return { train: train.filter((row) => !held.has(row.id)), dev: train.filter((row) => held.has(row.id)) };
}
