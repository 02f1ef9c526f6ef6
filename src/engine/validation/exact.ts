import { percent } from '../score.ts';
import type { Contest, End, Place } from './contest.ts';
import { bestOf, sumOf } from './contest.ts';
import { RowDifficulty } from './rowDifficulty.ts';

interface Entry {
  readonly candidate: number;
  readonly turn: number;
  /** By row, so that a score does not depend on the order in which rows came. */
  readonly scores: number[];
  sum: number;
  scored: number;
  /** Rows not begun, the next one last. */
  open: number[];
  /** How many scores were known when `open` was put in order. */
  orderedAt: number;
  underWay: number;
  end: End | null;
}

/** Rounding of sums added in the order of arrival must never stop a candidate that ties exactly. */
const slack = 1e-9;
/** The place of the candidate that the others must exceed. */
const beforeAll = -1;

/**
 * Puts candidates out that can no longer win: against a finished candidate j, when
 * (sum + open × max) / n < score(j), max being 1 here, or equal and j comes first. The winner is the one that full
 * scoring would choose. One candidate after the other, of each first the rows that others failed on, and no more rows
 * under way than it may lose until it is out: which rows are run depends on timing, and the winner does not.
 */
export class ExactContest implements Contest {
  readonly #n: number;
  readonly #difficulty: RowDifficulty;
  /** By turn. */
  #entries: readonly Entry[] = [];
  /** Of those scored on all rows, in per cent. */
  readonly #finished = new Map<number, number>();

  /** @param mustExceed the score, in per cent, of a candidate before all others. */
  constructor(rows: number, mustExceed?: number) {
    this.#n = rows;
    this.#difficulty = new RowDifficulty(rows);
    if (mustExceed !== undefined) this.#finished.set(beforeAll, mustExceed);
  }

  enter(candidate: number, turn: number): void {
    const entry: Entry = {
      ...{ candidate, turn, sum: 0, scored: 0, underWay: 0, end: null },
      scores: new Array<number>(this.#n),
      open: this.#difficulty.hardestLast([...Array(this.#n).keys()]),
      orderedAt: this.#difficulty.seen,
    };
    this.#entries = [...this.#entries, entry].sort((a, b) => a.turn - b.turn);
    this.#judge(entry);
  }

  next(): Place | null {
    const entry = this.#entries.find(
      (each) => each.end === null && each.open.length > 0 && each.underWay < this.#allowance(each),
    );
    if (entry === undefined) return null;
    this.#order(entry);
    entry.underWay++;
    return { candidate: entry.candidate, row: entry.open.pop()! };
  }

  scored({ candidate, row }: Place, score: number): void {
    const entry = this.#entryOf(candidate);
    entry.scores[row] = score;
    entry.sum += score;
    entry.scored++;
    entry.underWay--;
    this.#difficulty.add(row, score);
    if (entry.scored < this.#n) {
      this.#judge(entry);
      return;
    }
    entry.end = { kind: 'scored' };
    this.#finished.set(candidate, percent(sumOf(entry.scores), this.#n));
    for (const each of this.#entries) this.#judge(each);
  }

  endOf(candidate: number): End | null {
    return this.#entryOf(candidate).end;
  }

  scoresOf(candidate: number): readonly number[] {
    return this.#entryOf(candidate).scores;
  }

  best(): number | null {
    return bestOf(this.#finished);
  }

  #entryOf(candidate: number): Entry {
    return this.#entries.find((entry) => entry.candidate === candidate)!;
  }

  #order(entry: Entry): void {
    if (this.#difficulty.seen <= 2 * entry.orderedAt) return;
    entry.open = this.#difficulty.hardestLast(entry.open);
    entry.orderedAt = this.#difficulty.seen;
  }

  /**
   * How many rows of a candidate are worth having under way: by the share of them that it lost so far, as many as put
   * it out. All of them while none is done.
   */
  #allowance({ candidate, sum, scored }: Entry): number {
    const best = this.best();
    if (best === null) return Infinity;
    const margin = sum + this.#n - scored - (this.#finished.get(best)! * this.#n) / 100;
    // One that comes before the best wins with a tie: where it can only tie, it takes one loss to put it out.
    const losses = candidate < best ? Math.max(1, margin) : margin;
    return Math.max(1, Math.ceil(losses / ((scored - sum + 1) / (scored + 1))));
  }

  #judge(entry: Entry): void {
    const best = this.best();
    if (best === null || entry.end !== null) return;
    const target = this.#finished.get(best)!;
    const reachable = percent(entry.sum + this.#n - entry.scored + slack, this.#n);
    if (reachable < target || (reachable === target && best < entry.candidate)) entry.end = { kind: 'out' };
  }
}
