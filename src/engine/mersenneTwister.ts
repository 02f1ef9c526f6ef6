/** MT19937 (Matsumoto, Nishimura 1998), seeded as its reference code seeds it: what Python and numpy draw from. */

const N = 624;
const M = 397;

export class MersenneTwister {
  readonly #mt = new Uint32Array(N);
  #index = N;

  private constructor(seed: number) {
    const mt = this.#mt;
    mt[0] = seed;
    for (let i = 1; i < N; i++) mt[i] = Math.imul(1812433253, mt[i - 1]! ^ (mt[i - 1]! >>> 30)) + i;
  }

  /** `init_genrand`, as numpy's `RandomState` seeds. @param seed 32 bits. */
  static ofNumber(seed: number): MersenneTwister {
    return new MersenneTwister(seed);
  }

  /** `init_by_array`, as Python seeds. @param key 32-bit words, at least one. */
  static ofKey(key: readonly number[]): MersenneTwister {
    const twister = new MersenneTwister(19650218);
    twister.#mix(key);
    return twister;
  }

  /** 32 bits. */
  next(): number {
    if (this.#index >= N) this.#generate();
    let y = this.#mt[this.#index++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** Uniform in [0, 1), 53 bits. */
  random(): number {
    const high = this.next() >>> 5;
    const low = this.next() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  #generate(): void {
    const mt = this.#mt;
    for (let k = 0; k < N; k++) {
      const y = (mt[k]! & 0x80000000) | (mt[(k + 1) % N]! & 0x7fffffff);
      mt[k] = mt[(k + M) % N]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#index = 0;
  }

  #mix(key: readonly number[]): void {
    const mt = this.#mt;
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
