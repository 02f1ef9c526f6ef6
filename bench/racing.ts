/**
 * Searches that look scores up, no program and no LM: what stopping candidates saves, by the shape of the scores, and how
 * much of the best candidate's score it costs.
 */
import { PythonRandom } from '../src/engine/pythonRandom.ts';
import type { Contest } from '../src/engine/validation/contest.ts';
import { ExactContest } from '../src/engine/validation/exact.ts';
import type { Racing } from '../src/engine/validation/race.ts';
import { RacingContest } from '../src/engine/validation/racing.ts';
import type { Scores } from '../test/fakes/scoreShapes.ts';
import { shapes } from '../test/fakes/scoreShapes.ts';
import { recordedScores } from '../test/fakes/recordedScores.ts';
import { search } from '../test/fakes/simulatedSearch.ts';

interface Totals {
  /** Of all rows of all candidates. */
  readonly share: number;
  /** Searches in which the winner was below the best by more than the race may lose. */
  readonly over: number;
  /** Points that the winner was below the best, on average. */
  readonly lost: number;
}

const races: readonly Racing[] = [
  { chance: 0.01, loss: 0 },
  { chance: 0.01, loss: 1 },
  { chance: 0.01, loss: 3 },
  { chance: 0.05, loss: 3 },
  { chance: 0.05, loss: 5 },
];

export function racing(): void {
  const searches = Number(process.env['BENCH_SEARCHES'] ?? '200');
  const rows = Number(process.env['BENCH_ROWS'] ?? '250');
  const slots = Number(process.env['BENCH_SLOTS'] ?? '32');
  console.log(`program runs of a search, of those that scoring all candidates on all rows takes; in brackets in how many of ${searches}
searches the winner was more than the loss below the best, and by how many points it was on average. ${slots} in flight; drawn
shapes have 9 candidates on ${rows} rows.
`);
  const heads = races.map(({ chance, loss }) => `${chance} / ${loss}`.padStart(19));
  console.log(`${'chance / loss'.padEnd(30)}   exact${heads.join('')}`);
  const drawn = shapes.map(({ name, draw }) => ({
    name,
    scores: (seed: number) => draw(new PythonRandom(`scores ${seed}`), rows),
  }));
  const recorded = recordedScores().map(({ name, scores }) => ({ name, scores: () => scores }));
  for (const { name, scores } of [...drawn, ...recorded]) {
    const exact = average(searches, scores, slots, (all) => new ExactContest(all[0]!.length), 0);
    const raced = races.map((each) => {
      const contest = (all: Scores, seed: number) => new RacingContest(all[0]!.length, all.length, each, seed);
      return text(average(searches, scores, slots, contest, each.loss));
    });
    console.log(`${name.padEnd(30)} ${exact.share.toFixed(3).padStart(7)}${raced.join('')}`);
  }
}

function average(
  searches: number,
  scores: (seed: number) => Scores,
  slots: number,
  contest: (scores: Scores, seed: number) => Contest,
  loss: number,
): Totals {
  const all = Array.from({ length: searches }, (_, seed) => {
    const drawn = scores(seed);
    const { runs, lost } = search(contest(drawn, seed), drawn, slots, new PythonRandom(`arrivals ${seed}`));
    return { share: runs / (drawn.length * drawn[0]!.length), lost };
  });
  const mean = (of: (one: (typeof all)[number]) => number) => all.reduce((sum, one) => sum + of(one), 0) / searches;
  // Points are sums of fractions.
  const over = all.filter(({ lost }) => lost > loss + 1e-9).length;
  return { share: mean(({ share }) => share), over, lost: mean(({ lost }) => lost) };
}

function text({ share, over, lost }: Totals): string {
  return `${share.toFixed(3)} (${over}, ${lost.toFixed(2)})`.padStart(19);
}
