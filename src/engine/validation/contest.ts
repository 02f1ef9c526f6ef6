/** Who wins among candidates, and which rows it takes to know. Scores are 0 to 1, rows are numbered from 0. */
import type { Unlikely } from '../../protocol.ts';

/** A candidate on a row. */
export interface Place {
  readonly candidate: number;
  readonly row: number;
}

/** How a candidate came out: scored on all rows; or put out: it could no longer win, or was unlikely to. */
export type End = { readonly kind: 'scored' } | { readonly kind: 'out'; readonly unlikely?: Unlikely };

/** A contest knows nothing of time: it says what is to be run, and is told what came of it. */
export interface Contest {
  /** Enters a candidate. Those with a lower `turn` come first. */
  enter(candidate: number, turn: number): void;
  /** The next one to run; it is under way from then on. `null`: none before more is known. */
  next(): Place | null;
  scored(place: Place, score: number): void;
  /** `null`: it is still open. */
  endOf(candidate: number): End | null;
  /** Of a candidate by row, as far as they are known. */
  scoresOf(candidate: number): readonly number[];
  /** The best of those scored on all rows; ties go to the earlier. `null`: there is none. */
  best(): number | null;
}

export const sumOf = (scores: readonly number[]): number => scores.reduce((total, score) => total + score, 0);

/** The greatest score; of equal ones the lowest key. `null`: there are none. */
export function bestOf(scores: ReadonlyMap<number, number>): number | null {
  let best: number | null = null;
  for (const [candidate, score] of scores) {
    const leader = best === null ? -Infinity : scores.get(best)!;
    if (score > leader || (score === leader && candidate < best!)) best = candidate;
  }
  return best;
}
