/** Minibatches of training rows: all rows in a new order each epoch, cut into pieces of one size. */
import * as z from 'zod';
import type { DrawnRandom } from './drawnRandom.ts';

const place = z.number().int().nonnegative();
export const epochSchema = z.strictObject({
  number: place,
  /** Places of training rows; its length is a multiple of the minibatch's size. */
  order: z.array(place).min(1).readonly(),
});
export type Epoch = Readonly<z.infer<typeof epochSchema>>;

export interface Minibatch {
  /** Places of training rows; where there are fewer rows than the size asks for, some occur twice. */
  readonly rows: readonly number[];
  /** The epoch it is from. */
  readonly epoch: Epoch;
}

export interface Sizes {
  readonly rows: number;
  readonly minibatch: number;
}

/**
 * The minibatch of an iteration. Iterations that take none (merges) count all the same, so their piece is left out.
 * @param epoch the one of the minibatch before; null before the first.
 */
export function minibatchAt(iteration: number, epoch: Epoch | null, sizes: Sizes, random: DrawnRandom): Minibatch {
  const start = iteration * sizes.minibatch;
  const number = epoch === null ? 0 : Math.floor(start / epoch.order.length);
  const current = epoch === null || number > epoch.number ? { number, order: newOrder(sizes, random) } : epoch;
  const from = start % current.order.length;
  return { rows: current.order.slice(from, from + sizes.minibatch), epoch: current };
}

function newOrder({ rows, minibatch }: Sizes, random: DrawnRandom): number[] {
  const shuffled = random.shuffle(Array.from({ length: rows }, (_, row) => row));
  const padding = (minibatch - (rows % minibatch)) % minibatch;
  // The least frequent row, of several the last: from the end of the order to its beginning, and again.
  return [...shuffled, ...Array.from({ length: padding }, (_, i) => shuffled[rows - 1 - (i % rows)]!)];
}
