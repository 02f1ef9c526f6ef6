/** Scores of candidates on rows as searches bring them: candidates × rows, each from 0 to 1. */
import type { PythonRandom } from '../../src/engine/pythonRandom.ts';

export type Scores = readonly (readonly number[])[];

/** How scores of a search are drawn. */
export interface Shape {
  readonly name: string;
  draw(random: PythonRandom, rows: number): Scores;
}

const candidates = 9;

/** Right or wrong by chance alone, each with a probability of its own. */
function independent(shares: readonly number[]): Shape['draw'] {
  return (random, rows) =>
    random.shuffle(shares).map((share) => Array.from({ length: rows }, () => (random.random() < share ? 1 : 0)));
}

/**
 * Rows are hard for all: a candidate of skill s is right on a row of hardness h with the probability 1 / (1 + exp(h − s)).
 * @param spread of the hardness; the greater, the more candidates agree.
 * @param parts a score is the mean of so many of them.
 */
function alike(skills: readonly number[], spread: number, parts = 1): Shape['draw'] {
  return (random, rows) => {
    const hardness = Array.from({ length: rows }, () => spread * normal(random));
    const right = (skill: number, hard: number) => (random.random() < 1 / (1 + Math.exp(hard - skill)) ? 1 : 0);
    const score = (skill: number, hard: number) =>
      Array.from({ length: parts }, () => right(skill, hard)).reduce<number>((sum, part) => sum + part, 0) / parts;
    return random.shuffle(skills).map((skill) => hardness.map((hard) => score(skill, hard)));
  };
}

/** The best is better than all others by so many points: where a race may lose a little less, nothing is harder. */
function justBetter(share: number, by: number): Shape['draw'] {
  return (random, rows) => {
    const right = Math.round(share * rows);
    const better = Math.min(rows - right, Math.round((by * rows) / 100));
    const exactly = (count: number) => random.shuffle(Array.from({ length: rows }, (_, row) => (row < count ? 1 : 0)));
    return random.shuffle([...Array(candidates - 1).fill(right), right + better]).map(exactly);
  };
}

const evenly = (from: number, to: number): readonly number[] =>
  Array.from({ length: candidates }, (_, i) => from + ((to - from) * i) / (candidates - 1));
const all = (value: number): readonly number[] => Array<number>(candidates).fill(value);

export const shapes: readonly Shape[] = [
  { name: 'all equal, by chance alone', draw: independent(all(0.45)) },
  { name: 'all equal, alike', draw: alike(all(0.3), 2.5) },
  { name: 'all equal, much alike', draw: alike(all(0.3), 6) },
  { name: 'one clearly best', draw: alike([1.5, ...all(0).slice(1)], 2) },
  { name: 'far apart', draw: alike(evenly(-1, 1), 2) },
  { name: 'within about 3 points', draw: alike(evenly(0.3, 0.55), 2.5) },
  { name: 'nearly all right', draw: alike(evenly(2, 4), 1.5) },
  { name: 'nearly all wrong', draw: alike(evenly(-4, -2), 1.5) },
  { name: 'graded', draw: alike(evenly(-0.5, 0.5), 2, 4) },
  { name: 'the best by 2 points', draw: justBetter(0.5, 2) },
  { name: 'the best by 6 points', draw: justBetter(0.5, 6) },
];

/** By Box and Muller. */
function normal(random: PythonRandom): number {
  return Math.sqrt(-2 * Math.log(1 - random.random())) * Math.cos(2 * Math.PI * random.random());
}
