/** Searches that only look their scores up: what a contest runs, and who wins. */
import type { PythonRandom } from '../../src/engine/pythonRandom.ts';
import type { Contest, End, Place } from '../../src/engine/validation/contest.ts';
import type { Scores } from './scoreShapes.ts';

export interface Searched {
  readonly winner: number;
  /** Program runs begun. */
  readonly runs: number;
  /** Points of 100 that the winner is below the best. */
  readonly lost: number;
  /** By candidate. */
  readonly ends: readonly End[];
}

/** Runs a contest with `slots` rows under way, which come back in an order that is drawn. */
export function search(contest: Contest, scores: Scores, slots: number, random: PythonRandom): Searched {
  for (const candidate of scores.keys()) contest.enter(candidate, candidate);
  const underWay: Place[] = [];
  let runs = 0;
  for (;;) {
    for (let place = next(contest, underWay, slots); place !== null; place = next(contest, underWay, slots)) {
      underWay.push(place);
      runs++;
    }
    if (underWay.length === 0) break;
    const [place] = underWay.splice(random.randint(0, underWay.length - 1), 1);
    contest.scored(place!, scores[place!.candidate]![place!.row]!);
  }
  const winner = contest.best()!;
  const ends = [...scores.keys()].map((candidate) => contest.endOf(candidate)!);
  return { winner, runs, lost: lostBy(scores, winner), ends };
}

function next(contest: Contest, underWay: readonly Place[], slots: number): Place | null {
  return underWay.length < slots ? contest.next() : null;
}

/** Points of 100 that a candidate is below the best. */
export function lostBy(scores: Scores, candidate: number): number {
  const totals = scores.map((row) => row.reduce((sum, score) => sum + score, 0));
  return (100 * (Math.max(...totals) - totals[candidate]!)) / scores[0]!.length;
}
