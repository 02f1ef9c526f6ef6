import { describe, expect, it } from 'vitest';
import { PythonRandom } from '../../../../src/engine/pythonRandom.ts';
import { percent } from '../../../../src/engine/score.ts';
import { ExactContest } from '../../../../src/engine/validation/exact.ts';

/** Scores the first rows of a candidate. */
function score(contest: ExactContest, candidate: number, scores: readonly number[]): void {
  for (const [row, each] of scores.entries()) contest.scored({ candidate, row }, each);
}

describe('the contest of candidates', () => {
  it('puts out one that can no longer win, and the later of two that tie', () => {
    const contest = new ExactContest(4);
    for (const candidate of [0, 1, 2]) contest.enter(candidate, candidate);
    score(contest, 1, [0]);
    score(contest, 0, [1, 1, 0, 1]);
    expect(contest.endOf(1)).toEqual({ kind: 'out' });
    expect(contest.endOf(2)).toBeNull();
    score(contest, 2, [1, 0]);
    expect(contest.endOf(2)).toEqual({ kind: 'out' });
    expect(contest.endOf(0)).toEqual({ kind: 'scored' });
    expect(contest.best()).toBe(0);
  });

  it('lets an earlier one that may still tie go on', () => {
    const contest = new ExactContest(2);
    for (const candidate of [0, 1]) contest.enter(candidate, candidate);
    score(contest, 1, [1, 0]);
    score(contest, 0, [0]);
    expect(contest.endOf(0)).toBeNull();
    contest.scored({ candidate: 0, row: 1 }, 1);
    expect(contest.best()).toBe(0);
  });

  it('asks for nothing of one that cannot exceed what it must', () => {
    const contest = new ExactContest(4, 100);
    contest.enter(0, 0);
    expect(contest.endOf(0)).toEqual({ kind: 'out' });
    expect(contest.next()).toBeNull();
  });

  it('chooses the same winner as scoring everything, in any order', () => {
    for (let seed = 0; seed < 300; seed++) {
      const random = new PythonRandom(seed);
      const [rows, candidates] = [random.randint(1, 12), random.randint(2, 6)];
      const scores = Array.from({ length: candidates }, () =>
        Array.from({ length: rows }, () => (random.random() < 0.5 ? 1 : 0)),
      );
      const totals = scores.map((row) =>
        percent(
          row.reduce<number>((sum, each) => sum + each, 0),
          rows,
        ),
      );
      const contest = new ExactContest(rows);
      for (const candidate of scores.keys()) contest.enter(candidate, candidate);
      const places = scores.flatMap((row, candidate) => [...row.keys()].map((place) => ({ candidate, row: place })));
      for (const place of random.shuffle(places)) {
        if (contest.endOf(place.candidate) !== null) continue;
        contest.scored(place, scores[place.candidate]![place.row]!);
      }
      expect(contest.best()).toBe(totals.indexOf(Math.max(...totals)));
    }
  });
});
