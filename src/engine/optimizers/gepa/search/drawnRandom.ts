/** Python's random numbers, with a record of the draws: from seed and draws it is made again where it was. */
import * as z from 'zod';
import { PythonRandom } from '../../../pythonRandom.ts';

const count = z.number().int().positive();
/** How many items a draw was from, and how many times in a row it was made. */
const facts = { of: count, times: count };
export const drawSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('choice'), ...facts }),
  z.strictObject({ kind: z.literal('weightedChoice'), ...facts }),
  z.strictObject({ kind: z.literal('shuffle'), ...facts }),
  z.strictObject({ kind: z.literal('sample'), take: count, ...facts }),
]);
export type Draw = Readonly<z.infer<typeof drawSchema>>;

export class DrawnRandom {
  readonly #random: PythonRandom;
  readonly #draws: Draw[];

  constructor(seed: number, draws: readonly Draw[]) {
    this.#random = new PythonRandom(seed);
    this.#draws = [...draws];
    for (const draw of draws) repeat(this.#random, draw);
  }

  /** All draws since the seed. */
  get draws(): readonly Draw[] {
    return [...this.#draws];
  }

  choice<T>(items: readonly T[]): T {
    this.#record({ kind: 'choice', of: items.length, times: 1 });
    return this.#random.choice(items);
  }

  /** @param weights one an item, at least 0, and not all 0. */
  weightedChoice<T>(items: readonly T[], weights: readonly number[]): T {
    this.#record({ kind: 'weightedChoice', of: items.length, times: 1 });
    return this.#random.choices(items, weights, 1)[0]!;
  }

  /** A shuffled copy. */
  shuffle<T>(items: readonly T[]): T[] {
    this.#record({ kind: 'shuffle', of: items.length, times: 1 });
    return this.#random.shuffle(items);
  }

  /** @param take how many different items; at least 1. */
  sample<T>(items: readonly T[], take: number): T[] {
    this.#record({ kind: 'sample', take, of: items.length, times: 1 });
    return this.#random.sample(items, take);
  }

  #record(draw: Draw): void {
    const last = this.#draws.at(-1);
    if (last !== undefined && isSame(last, draw)) this.#draws.splice(-1, 1, { ...last, times: last.times + 1 });
    else this.#draws.push(draw);
  }
}

/** What a draw takes from the random numbers depends on how many items there are, not on what they are. */
function repeat(random: PythonRandom, draw: Draw): void {
  const items = new Array<number>(draw.of).fill(1);
  for (let i = 0; i < draw.times; i++) {
    if (draw.kind === 'sample') random.sample(items, draw.take);
    else if (draw.kind === 'weightedChoice') random.choices(items, items, 1);
    else random[draw.kind](items);
  }
}

function isSame(one: Draw, other: Draw): boolean {
  const take = (draw: Draw) => (draw.kind === 'sample' ? draw.take : null);
  return one.kind === other.kind && one.of === other.of && take(one) === take(other);
}
