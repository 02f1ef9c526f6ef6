/** How often rows were lost by the candidates that ran them: what one candidate fails on, the next often fails on too. */
export class RowDifficulty {
  readonly #rows: { lost: number; seen: number }[];
  #lost = 0;
  #seen = 0;

  constructor(rows: number) {
    this.#rows = Array.from({ length: rows }, () => ({ lost: 0, seen: 0 }));
  }

  /** Scores seen so far, of all rows. */
  get seen(): number {
    return this.#seen;
  }

  /** `score`: 0 to 1. */
  add(row: number, score: number): void {
    const known = this.#rows[row]!;
    known.lost += 1 - score;
    known.seen++;
    this.#lost += 1 - score;
    this.#seen++;
  }

  /** The rows by what they are expected to lose, the most last; of equal ones the first last. */
  hardestLast(rows: readonly number[]): number[] {
    const usual = this.#seen === 0 ? 0 : this.#lost / this.#seen;
    const expected = (row: number) => (this.#rows[row]!.lost + usual) / (this.#rows[row]!.seen + 1);
    return [...rows].sort((a, b) => expected(a) - expected(b) || b - a);
  }
}
