/** Python's random numbers, with a record of the draws: from seed and draws it is made again where it was. */
import * as z from 'zod';
import { PythonRandom } from '../../pythonRandom.ts';

const count = z.number().int().positive();
export const drawSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('choice'), of: count }),
  z.strictObject({ kind: z.literal('shuffle'), of: count }),
]);
export type Draw = Readonly<z.infer<typeof drawSchema>>;

export class DrawnRandom {
  readonly #random: PythonRandom;
  readonly #draws: Draw[] = [];

  constructor(seed: number, draws: readonly Draw[]) {
    this.#random = new PythonRandom(seed);
    for (const { kind, of } of draws) this[kind](Array.from({ length: of }, (_, i) => i));
  }

  /** All draws since the seed. */
  get draws(): readonly Draw[] {
    return [...this.#draws];
  }

  choice<T>(items: readonly T[]): T {
    this.#draws.push({ kind: 'choice', of: items.length });
    return this.#random.choice(items);
  }

  /** A shuffled copy. */
  shuffle<T>(items: readonly T[]): T[] {
    this.#draws.push({ kind: 'shuffle', of: items.length });
    return this.#random.shuffle(items);
  }
}
