import { percent } from './score.ts';

interface Candidate {
  sum: number;
  open: number;
  finished: number | null;
  readonly stop: AbortController;
}

/** Rounding of sums added in the order of arrival must never stop a candidate that ties exactly. */
const slack = 1e-9;

/**
 * Stops candidates that can no longer win: against a finished candidate j, when
 * (sum + open × max) / n < score(j), max being 1 here, or equal and j comes first. The winner is the one that full scoring would choose.
 */
export class Contest {
  readonly #n: number;
  readonly #candidates = new Map<number, Candidate>();

  /** Rows are scored 0 to 1. */
  constructor(rows: number) {
    this.#n = rows;
  }

  /** Enters a candidate; the signal is aborted once it has lost. */
  enter(index: number): AbortSignal {
    const candidate = { sum: 0, open: this.#n, finished: null, stop: new AbortController() };
    this.#candidates.set(index, candidate);
    this.#judge(index, candidate);
    return candidate.stop.signal;
  }

  scored(index: number, score: number): void {
    const candidate = this.#candidates.get(index)!;
    candidate.sum += score;
    candidate.open--;
    this.#judge(index, candidate);
  }

  finished(index: number, score: number): void {
    this.#candidates.get(index)!.finished = score;
    for (const [other, candidate] of this.#candidates) this.#judge(other, candidate);
  }

  /**
   * How many rows of a candidate are worth having under way: by the share of them that it lost so far, as many as put
   * it out. All of them while none is done.
   */
  allowance(index: number): number {
    const best = this.best();
    if (best === null) return Infinity;
    const { sum, open } = this.#candidates.get(index)!;
    const scored = this.#n - open;
    const margin = sum + open - (this.#candidates.get(best)!.finished! * this.#n) / 100;
    // One that comes before the best wins with a tie: where it can only tie, it takes one loss to put it out.
    const losses = index < best ? Math.max(1, margin) : margin;
    return Math.max(1, Math.ceil(losses / ((scored - sum + 1) / (scored + 1))));
  }

  /** The best finished candidate; ties go to the earlier. */
  best(): number | null {
    let best: number | null = null;
    for (const index of [...this.#candidates.keys()].sort((a, b) => a - b)) {
      const score = this.#candidates.get(index)!.finished;
      if (score === null) continue;
      if (best === null || score > this.#candidates.get(best)!.finished!) best = index;
    }
    return best;
  }

  #judge(index: number, candidate: Candidate): void {
    const best = this.best();
    if (best === null || candidate.finished !== null || candidate.open === 0) return;
    const target = this.#candidates.get(best)!.finished!;
    const reachable = percent(candidate.sum + candidate.open + slack, this.#n);
    if (reachable < target || (reachable === target && best < index)) candidate.stop.abort();
  }
}
