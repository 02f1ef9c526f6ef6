import { UsageError } from '../data/errors.ts';
import type { Example } from '../data/program.ts';
import type { ResolvedProgram } from './resolved.ts';

/** Rows of T and V of a prompt step (paper, Algorithm 2): never overlapping. */
export interface PromptSplit {
  readonly train: number;
  readonly validation: number;
}

/**
 * Sizes of T and V for a train set of `size` rows: as configured, by default min(100, 30 %) and min(250, 70 %).
 *
 * @throws UsageError when there are not rows enough.
 */
export function promptSplit(p: Pick<ResolvedProgram['p'], 'train' | 'validation'>, size: number): PromptSplit {
  if (size < 2)
    throw new UsageError(
      `A prompt step needs at least 2 training rows, one to bootstrap from and one to validate on; there is ${size}.`,
    );
  const train = p.train ?? Math.min(100, Math.max(1, Math.floor((3 * size) / 10)), size - (p.validation ?? 1));
  const validation = p.validation ?? Math.min(250, Math.floor((7 * size) / 10), size - train);
  if (train < 1 || validation < 1 || train + validation > size) {
    throw new UsageError(
      `"p.train" (${p.train ?? 'by default ' + train}) and "p.validation" (${p.validation ?? 'by default ' + validation}) ` +
        `together need more than the ${size} rows that train has. Lower one of them.`,
    );
  }
  return { train, validation };
}

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
