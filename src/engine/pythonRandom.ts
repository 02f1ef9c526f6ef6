import { createHash } from 'node:crypto';

const N = 624;
const M = 397;

/**
 * Python's `random.Random`: MT19937 and the methods DSPy's optimizers use, drawing the same numbers for the same seed,
 * so that splits, shuffles and demo schedules can be checked against DSPy's own output.
 */
export class PythonRandom {
  readonly #mt = new Uint32Array(N);
  #index = N;

  /** An integer seeds as in Python (its absolute value); a string as `Random(str)` does (version 2). */
  constructor(seed: number | bigint | string) {
    this.#initByArray(seedWords(typeof seed === 'string' ? integerOf(seed) : BigInt(seed)));
  }

  /** Uniform in [0, 1), 53 bits. */
  random(): number {
    const high = this.#next() >>> 5;
    const low = this.#next() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
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
    let r = this.#next() >>> (32 - bits);
    while (r >= n) r = this.#next() >>> (32 - bits);
    return r;
  }

  #next(): number {
    if (this.#index >= N) this.#generate();
    let y = this.#mt[this.#index++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  #generate(): void {
    const mt = this.#mt;
    for (let k = 0; k < N; k++) {
      const y = (mt[k]! & 0x80000000) | (mt[(k + 1) % N]! & 0x7fffffff);
      mt[k] = mt[(k + M) % N]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#index = 0;
  }

  #initByArray(key: readonly number[]): void {
    const mt = this.#mt;
    mt[0] = 19650218;
    for (let i = 1; i < N; i++) mt[i] = Math.imul(1812433253, mt[i - 1]! ^ (mt[i - 1]! >>> 30)) + i;
    let i = 1;
    let j = 0;
    const step = () => {
      if (++i >= N) {
        mt[0] = mt[N - 1]!;
        i = 1;
      }
    };
    for (let k = Math.max(N, key.length); k > 0; k--) {
      mt[i] = (mt[i]! ^ Math.imul(mt[i - 1]! ^ (mt[i - 1]! >>> 30), 1664525)) + key[j]! + j;
      step();
      j = (j + 1) % key.length;
    }
    for (let k = N - 1; k > 0; k--) {
      mt[i] = (mt[i]! ^ Math.imul(mt[i - 1]! ^ (mt[i - 1]! >>> 30), 1566083941)) - i;
      step();
    }
    mt[0] = 0x80000000;
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
