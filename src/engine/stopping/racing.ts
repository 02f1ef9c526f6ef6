import { PythonRandom } from '../pythonRandom.ts';
import type { Contest, End, Place } from './contest.ts';
import { bestOf } from './contest.ts';
import type { Racing } from './race.ts';
import { Race } from './race.ts';

interface Entry {
  /** By place in the candidate's order, as they came. */
  readonly scores: number[];
  /** How many of the first places have a score. */
  known: number;
  /** Places begun. */
  begun: number;
  /** Places that are worth running by what was known when it was said. */
  reach: number;
  reachAt: string;
}

/** A race whose rows are run ahead of it, several at a time: which are depends on timing, what the race decides does not. */
export class RacingContest implements Contest {
  readonly #rows: number;
  readonly #orders: readonly (readonly number[])[];
  /** By candidate and row: the row's place in the order. */
  readonly #places: readonly (readonly number[])[];
  readonly #race: Race;
  readonly #entries = new Map<number, Entry>();

  /** @param seed of the orders of the rows. @param candidates how many there are, numbered from 0. */
  constructor(rows: number, candidates: number, racing: Racing, seed: number) {
    this.#rows = rows;
    this.#orders = ordersOf(rows, candidates, seed);
    this.#places = this.#orders.map(inverse);
    this.#race = new Race(this.#orders, racing);
  }

  enter(candidate: number): void {
    this.#entries.set(candidate, { scores: [], known: 0, begun: 0, reach: 0, reachAt: '' });
  }

  next(): Place | null {
    const turns = this.#race.turns ?? [...this.#entries.keys()].sort((a, b) => a - b);
    const candidate = turns.find((each) => this.#mayGoOn(each)) ?? this.#ahead();
    if (candidate === null) return null;
    const place = this.#entries.get(candidate)!.begun++;
    return { candidate, row: this.#orders[candidate]![place]! };
  }

  scored({ candidate, row }: Place, score: number): void {
    const entry = this.#entries.get(candidate)!;
    entry.scores[this.#places[candidate]![row]!] = score;
    while (entry.scores[entry.known] !== undefined) entry.known++;
    this.#goOn();
  }

  endOf(candidate: number): End | null {
    return this.#race.endOf(candidate);
  }

  scoresOf(candidate: number): readonly number[] {
    const { scores } = this.#entries.get(candidate)!;
    return this.#places[candidate]!.map((place) => scores[place]!);
  }

  best(): number | null {
    return this.#race.best();
  }

  /** Gives the race what it waits for, as far as that is known. */
  #goOn(): void {
    for (let awaited = this.#race.awaited; awaited !== null; awaited = this.#race.awaited) {
      const score = this.#entries.get(awaited.candidate)?.scores[awaited.place];
      if (score === undefined) return;
      this.#race.take(score);
    }
  }

  #mayGoOn(candidate: number): boolean {
    const entry = this.#entries.get(candidate)!;
    return this.#race.endOf(candidate) === null && entry.begun < this.#reach(candidate, entry);
  }

  /**
   * While slots are free and the last of the first rows are under way: the best of those who are through with theirs, who will
   * most likely be scored on all rows.
   */
  #ahead(): number | null {
    const { turns, first } = this.#race;
    if (turns !== null || this.#entries.size < this.#orders.length) return null;
    const through = new Map(
      [...this.#entries].flatMap(([candidate, { scores, known }]) =>
        known < first ? [] : [[candidate, sum(scores.slice(0, first))] as const],
      ),
    );
    const leader = bestOf(through);
    return leader !== null && this.#entries.get(leader)!.begun < this.#rows ? leader : null;
  }

  /** How many of a candidate's rows are worth having begun. */
  #reach(candidate: number, entry: Entry): number {
    const { turns, first } = this.#race;
    if (turns === null) return first;
    const left = this.#rows - entry.known;
    if (candidate === turns[0] || left === 0) return this.#rows;
    // Said anew when a thirtieth of what was left is known, and when another one is the best.
    const at = `${this.#race.best()} ${Math.floor(30 * Math.log(this.#rows / left))}`;
    if (entry.reachAt !== at) {
      entry.reach = this.#race.evidence(
        candidate,
        entry.scores.slice(0, entry.known),
        this.#bound(turns[0]!),
      ).expectedEnd;
      entry.reachAt = at;
    }
    return Math.max(entry.reach, entry.known + Math.ceil(left / 16));
  }

  /** What the race judges by, or will: while the leader is not through, by what it scored so far. */
  #bound(leader: number): number {
    const { scores, known } = this.#entries.get(leader)!;
    return this.#race.bound ?? this.#race.boundOver((sum(scores.slice(0, known)) / known) * this.#rows);
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** Orders that say nothing of each other. */
function ordersOf(rows: number, candidates: number, seed: number): readonly (readonly number[])[] {
  return Array.from({ length: candidates }, (_, candidate) =>
    new PythonRandom(`racing ${seed} ${candidate}`).shuffle([...Array(rows).keys()]),
  );
}

function inverse(order: readonly number[]): readonly number[] {
  const places = new Array<number>(order.length);
  for (const [place, row] of order.entries()) places[row] = place;
  return places;
}
