import { describe, expect, it } from 'vitest';
import { PythonRandom } from '../../../../src/engine/pythonRandom.ts';
import { Evidence } from '../../../../src/engine/validation/evidence.ts';

interface Betting {
  readonly bound: number;
  readonly chance: number;
  readonly blind: number;
  /** By row. */
  readonly guesses: readonly number[];
}

/** Whether it ever suffices, looked at after each row, in one order of the rows. */
function everSuffices(scores: readonly number[], order: readonly number[], betting: Betting): boolean {
  const { bound, chance, blind, guesses } = betting;
  const inOrder = order.map((row) => scores[row]!);
  const guessed = order.map((row) => guesses[row]!);
  const evidence = new Evidence(bound, guessed, inOrder.slice(0, blind), chance);
  for (const score of inOrder.slice(blind)) {
    if (evidence.suffices) return true;
    evidence.add(score);
  }
  return evidence.suffices;
}

function* orders(rows: number): Generator<readonly number[]> {
  if (rows === 0) yield [];
  else {
    for (const order of orders(rows - 1)) {
      for (let place = 0; place < rows; place++) yield [...order.slice(0, place), rows - 1, ...order.slice(place)];
    }
  }
}

/** The share of all orders of the rows. */
function share(scores: readonly number[], betting: Betting): number {
  let [all, wrong] = [0, 0];
  for (const order of orders(scores.length)) {
    all++;
    if (everSuffices(scores, order, betting)) wrong++;
  }
  return wrong / all;
}

const sum = (scores: readonly number[]) => scores.reduce((total, score) => total + score, 0);

describe('evidence that scores add up to less than a bound', () => {
  it('is wrong in no more orders of the rows than it may be, whatever the scores and the guesses: all orders of 7 rows', () => {
    let most = 0;
    for (let seed = 0; seed < 24; seed++) {
      const random = new PythonRandom(seed);
      const values = seed % 2 === 0 ? [0, 1] : [0, 0.2, 0.5, 0.9, 1];
      const scores = Array.from({ length: 7 }, () => random.choice(values));
      const guesses = Array.from({ length: 7 }, () => (seed % 3 === 0 ? 0 : random.random() / 2));
      // The bound is reached just so: nothing is harder to tell.
      const betting = { bound: sum(scores), blind: seed % 4, guesses, chance: random.choice([0.1, 0.3, 0.5]) };
      const wrong = share(scores, betting);
      expect(wrong, `seed ${seed}`).toBeLessThanOrEqual(betting.chance);
      most = Math.max(most, wrong / betting.chance);
    }
    // The bets are not so timid that they could not be wrong.
    expect(most).toBeGreaterThan(0.3);
  });

  it('is never had against scores that are above the bound by more', () => {
    const scores = [1, 1, 1, 1, 1, 1, 0, 0];
    const betting = { bound: 1, blind: 2, guesses: scores.map(() => 0.5), chance: 0.5 };
    for (let seed = 0; seed < 200; seed++) {
      const order = new PythonRandom(seed).shuffle([...scores.keys()]);
      if (order.slice(0, 2).every((row) => scores[row] === 0)) continue;
      expect(everSuffices(scores, order, betting)).toBe(false);
    }
  });

  it('is certain where the rows that are left cannot reach the bound, and not before where nothing is to be bet on', () => {
    const evidence = new Evidence(3.5, [0, 0, 0, 0], [], 1e-6);
    evidence.add(1);
    expect(evidence.suffices).toBe(false);
    evidence.add(0);
    expect(evidence.suffices).toBe(true);
  });

  it('expects its end sooner the worse the scores are, and never where they are too good', () => {
    const ends = [0.1, 0.3, 0.5].map((mean) => {
      const random = new PythonRandom(1);
      const scores = Array.from({ length: 60 }, () => (random.random() < mean ? 1 : 0));
      return new Evidence(160, Array<number>(200).fill(0), scores, 0.01).expectedEnd;
    });
    expect(ends).toEqual([...ends].sort((a, b) => a - b));
    expect(ends[2]).toBeLessThan(200);
    expect(new Evidence(20, Array<number>(200).fill(0), Array<number>(30).fill(1), 0.01).expectedEnd).toBe(200);
  });
});
