/**
 * A Python set of small whole numbers, in the order in which CPython walks it. The order decides which of several equal
 * candidates is drawn, and it is not the order of size: `list({8, 1})` is `[8, 1]`.
 */

const smallest = 8;
const linearProbes = 9;

/** A hash table of numbers; a hole is null. Its length is a power of two. */
type Table = readonly (number | null)[];

export class NumberSet implements Iterable<number> {
  readonly #table: Table;
  readonly size: number;

  private constructor(table: Table, size: number) {
    this.#table = table;
    this.size = size;
  }

  /** The set that Python has after adding these one after the other. */
  static of(numbers: Iterable<number>): NumberSet {
    let set = new NumberSet(empty(smallest), 0);
    for (const number of numbers) set = set.with(number);
    return set;
  }

  has(number: number): boolean {
    return this.#table[slot(this.#table, number)] === number;
  }

  /** As `add` leaves it: a table that is three fifths full grows to four times what it holds. */
  with(number: number): NumberSet {
    if (this.has(number)) return this;
    const table = filled(this.#table, [number]);
    const size = this.size + 1;
    const full = size * 5 >= (table.length - 1) * 3;
    return new NumberSet(full ? filled(empty(lengthAbove(size * 4)), occupied(table)) : table, size);
  }

  /** As `set(this)` leaves it: the copy has a table of its own size, so it may be walked in another order. */
  copy(): NumberSet {
    const crowded = this.size * 5 >= (smallest - 1) * 3;
    const length = crowded ? lengthAbove(this.size * 2) : smallest;
    return new NumberSet(filled(empty(length), occupied(this.#table)), this.size);
  }

  /** As `this & other` leaves it: the smaller one is walked, of two of one size the other. */
  and(other: NumberSet): NumberSet {
    const [walked, asked] = other.size > this.size ? [this, other] : [other, this];
    return NumberSet.of([...walked].filter((number) => asked.has(number)));
  }

  [Symbol.iterator](): Iterator<number> {
    return occupied(this.#table)[Symbol.iterator]();
  }
}

function empty(length: number): Table {
  return new Array<number | null>(length).fill(null);
}

function occupied(table: Table): number[] {
  return table.filter((entry) => entry !== null);
}

function filled(table: Table, numbers: readonly number[]): Table {
  const result = table.slice();
  for (const number of numbers) result[slot(result, number)] = number;
  return result;
}

/** The least power of two above `count`, at least 8. */
function lengthAbove(count: number): number {
  let length = smallest;
  while (length <= count) length *= 2;
  return length;
}

/** Where a number is, or would be put: a few neighbours first, then by the bits of its hash, the number itself. */
function slot(table: Table, number: number): number {
  const mask = table.length - 1;
  let perturb = number;
  let start = number & mask;
  for (;;) {
    const end = start + linearProbes <= mask ? start + linearProbes : start;
    for (let i = start; i <= end; i++) if (table[i] === null || table[i] === number) return i;
    perturb >>>= 5;
    start = (start * 5 + 1 + perturb) & mask;
  }
}
