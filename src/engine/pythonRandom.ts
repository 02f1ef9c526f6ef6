import { createHash } from 'node:crypto';
import { MersenneTwister } from './mersenneTwister.ts';

/**
 * Python's `random.Random`: MT19937 and the methods DSPy's optimizers use, drawing the same numbers for the same seed,
 * so that splits, shuffles and demo schedules can be checked against DSPy's own output.
 */
export class PythonRandom {
  readonly #twister: MersenneTwister;

  /** An integer seeds as in Python (its absolute value); a string as `Random(str)` does (version 2). */
  constructor(seed: number | bigint | string) {
    this.#twister = MersenneTwister.ofKey(seedWords(typeof seed === 'string' ? integerOf(seed) : BigInt(seed)));
  }

  /** Uniform in [0, 1), 53 bits. */
  random(): number {
    return this.#twister.random();
  }

  /** An integer in [a, b]. */
  randint(a: number, b: number): number {
    if (b < a) throw new RangeError(`empty range for randint(${a}, ${b})`);
    return a + this.#below(b - a + 1);
  }

  choice<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('choice from an empty sequence');
    return items[this.#below(items.length)]!;
  }

  /**
   * `k` items, with replacement, each as likely as its weight.
   * @throws RangeError where weights do not add up to a finite number above 0, or are not as many as items.
   */
  choices<T>(items: readonly T[], weights: readonly number[], k: number): T[] {
    if (weights.length !== items.length) throw new RangeError(`${weights.length} weights for ${items.length} items`);
    let total = 0;
    const bounds = weights.map((weight) => (total += weight));
    if (!(total > 0 && total < Infinity)) throw new RangeError(`weights that add up to ${total}`);
    return Array.from({ length: k }, () => {
      const drawn = this.random() * total;
      return items[bounds.slice(0, -1).filter((bound) => bound <= drawn).length]!;
    });
  }

  /** A shuffled copy. */
  shuffle<T>(items: readonly T[]): T[] {
    const result = items.slice();
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.#below(i + 1);
      [result[i], result[j]] = [result[j]!, result[i]!];
    }
    return result;
  }

  /** `k` distinct items in the order Python draws them. */
  sample<T>(items: readonly T[], k: number): T[] {
    const n = items.length;
    if (k < 0 || k > n) throw new RangeError(`sample of ${k} from ${n} items`);
    let setSize = 21;
    if (k > 5) setSize += 4 ** Math.ceil(Math.log(k * 3) / Math.log(4));
    return n <= setSize ? this.#sampleFromPool(items, k) : this.#sampleBySet(items, k);
  }

  #sampleFromPool<T>(items: readonly T[], k: number): T[] {
    const pool = items.slice();
    return Array.from({ length: k }, (_, i) => {
      const j = this.#below(pool.length - i);
      const picked = pool[j]!;
      pool[j] = pool[pool.length - i - 1]!;
      return picked;
    });
  }

  #sampleBySet<T>(items: readonly T[], k: number): T[] {
    const seen = new Set<number>();
    return Array.from({ length: k }, () => {
      let j = this.#below(items.length);
      while (seen.has(j)) j = this.#below(items.length);
      seen.add(j);
      return items[j]!;
    });
  }

  /** Uniform in [0, n), by rejection on the bits of n. */
  #below(n: number): number {
    const bits = 32 - Math.clz32(n);
    let r = this.#twister.next() >>> (32 - bits);
    while (r >= n) r = this.#twister.next() >>> (32 - bits);
    return r;
  }
}

/** The absolute value as little-endian 32-bit words. */
function seedWords(seed: bigint): number[] {
  let rest = seed < 0n ? -seed : seed;
  const words: number[] = [];
  do {
    words.push(Number(rest & 0xffffffffn));
    rest >>= 32n;
  } while (rest > 0n);
  return words;
}

/** CPython: the string's bytes and their SHA-512, read as one big-endian integer. */
function integerOf(seed: string): bigint {
  const bytes = Buffer.from(seed, 'utf8');
  return BigInt('0x' + Buffer.concat([bytes, createHash('sha512').update(bytes).digest()]).toString('hex'));
}
