import { describe, expect, it } from 'vitest';
import { recordedScores } from '../../../fakes/recordedScores.ts';
import { shapes } from '../../../fakes/scoreShapes.ts';
import type { Scores } from '../../../fakes/scoreShapes.ts';
import { lostBy, search } from '../../../fakes/simulatedSearch.ts';
import { PythonRandom } from '../../../../src/engine/pythonRandom.ts';
import type { Racing } from '../../../../src/engine/validation/race.ts';
import { resolveStopping } from '../../../../src/engine/validation/settings.ts';
import { RacingContest } from '../../../../src/engine/validation/racing.ts';

/** Points are sums of fractions. */
const rounding = 1e-9;

function race(scores: Scores, racing: Racing, seed: number, slots = 1, arrivals = seed) {
  const contest = new RacingContest(scores[0]!.length, scores.length, racing, seed);
  return search(contest, scores, slots, new PythonRandom(`arrivals ${arrivals}`));
}

/** How many of `tries` with the probability `chance` each are exceeded with less than one in a thousand. */
function atMost(tries: number, chance: number): number {
  return Math.ceil(tries * chance + 3.1 * Math.sqrt(tries * chance * (1 - chance)));
}

describe('a race', () => {
  const tries = 1000;
  const drawn = ['all equal, alike', 'within about 3 points', 'the best by 2 points', 'graded'].map((name) => {
    const shape = shapes.find((one) => one.name === name)!;
    return { name, scores: (seed: number) => shape.draw(new PythonRandom(`scores ${seed}`), 40) };
  });
  const recorded = recordedScores().map(({ name, scores }) => ({ name, scores: () => firstRows(scores, 60) }));
  const often = { chance: 0.1, loss: 1 };
  const byDefault = (resolveStopping('racing') as { readonly racing: Racing }).racing;

  it.each([
    ...[...drawn, ...recorded].map((each) => ({ ...each, racing: often })),
    ...recorded.map((each) => ({ ...each, racing: byDefault })),
  ])(
    'ends below the best by more than it may in no more of 1,000 orders than it may: $name, $racing.chance',
    ({ scores, racing }) => {
      let over = 0;
      for (let seed = 0; seed < tries; seed++) {
        if (race(scores(seed), racing, seed).lost > racing.loss + rounding) over++;
      }
      expect(over).toBeLessThanOrEqual(atMost(tries, racing.chance));
    },
    60_000,
  );

  it('may be wrong, and is, where the best is just better than what may be lost', () => {
    const random = new PythonRandom(0);
    const exactly = (count: number) => random.shuffle(Array.from({ length: 80 }, (_, row) => (row < count ? 1 : 0)));
    // Two rows of 80 are 2.5 points.
    const scores = [...Array.from({ length: 8 }, () => exactly(40)), exactly(42)];
    const racing = { chance: 0.3, loss: 2 };
    const wrong = Array.from({ length: 300 }, (_, seed) => race(scores, racing, seed).lost > 2).filter(Boolean).length;
    expect(wrong).toBeGreaterThan(0);
    expect(wrong).toBeLessThanOrEqual(atMost(300, racing.chance));
  });

  it('decides by the scores in the order of the rows, whatever is under way and comes first', () => {
    for (let seed = 0; seed < 40; seed++) {
      const scores = shapes[seed % shapes.length]!.draw(new PythonRandom(`scores ${seed}`), 20 + seed);
      const racing = { chance: 0.05, loss: 2 };
      const { winner, ends, runs } = race(scores, racing, seed);
      expect(ends[winner]).toEqual({ kind: 'scored' });
      for (const slots of [2, 7, 32, 512]) {
        const other = race(scores, racing, seed, slots, seed + slots);
        expect(other).toMatchObject({ winner, ends });
        expect(other.runs).toBeGreaterThanOrEqual(runs);
      }
    }
  });

  it('runs no row that it does not need, one at a time', () => {
    const scores = shapes[0]!.draw(new PythonRandom('scores'), 100);
    const { runs, ends } = race(scores, { chance: 0.05, loss: 3 }, 0);
    const judged = ends.map((end) => (end.kind === 'out' ? end.unlikely!.after : 100));
    expect(runs).toBe(judged.reduce((sum, rows) => sum + rows, 0));
  });

  it('takes fewer rows than scoring all does, the fewer the more may be lost', () => {
    const scores = shapes.find(({ name }) => name === 'far apart')!.draw(new PythonRandom('scores'), 250);
    const runs = [0, 1, 5, 20].map((loss) => race(scores, { chance: 0.01, loss }, 0).runs);
    expect(runs).toEqual([...runs].sort((a, b) => b - a));
    expect(runs[0]).toBeLessThan(0.7 * 9 * 250);
  });

  it.each<readonly [string, Scores, number]>([
    ['one row', [[0], [1], [1]], 1],
    ['one candidate', [[0, 1, 0.5]], 0],
    ['nothing right', [...Array<readonly number[]>(4).fill(Array<number>(20).fill(0))], 0],
    ['all right', [...Array<readonly number[]>(4).fill(Array<number>(20).fill(1))], 0],
    [
      'one right of all',
      [...Array<readonly number[]>(3).fill(Array<number>(30).fill(0)), Array<number>(30).fill(1)],
      3,
    ],
  ])('comes to an end, with the best: %s', (_, scores, best) => {
    for (const loss of [0, 1, 50]) {
      for (const slots of [1, 100]) {
        const { winner, ends, lost } = race(scores, { chance: 0.01, loss }, 0, slots);
        expect(lost).toBe(0);
        if (loss === 0) expect(winner).toBe(best);
        expect(ends[winner]).toEqual({ kind: 'scored' });
        expect(ends).not.toContain(null);
      }
    }
  });

  it('scores those who are all right on the first rows alone, once one of them is right on all', () => {
    const scores = Array<readonly number[]>(4).fill(Array<number>(80).fill(1));
    expect(race(scores, { chance: 0.01, loss: 1 }, 0).runs).toBe(80 + 3 * 10);
    expect(lostBy(scores, 3)).toBe(0);
  });
});

const firstRows = (scores: Scores, rows: number): Scores => scores.map((each) => each.slice(0, rows));
