import { PythonRandom } from '../pythonRandom.ts';
import type { Contest, End, Place } from './contest.ts';
import { sumOf } from './contest.ts';
import type { Racing } from './race.ts';
import { Race } from './race.ts';

interface Entry {
  /** By place in the candidate's order, as they came. */
  readonly scores: number[];
  /** How many of the first places have a score. */
  known: number;
  /** Places begun. */
  begun: number;
  /** After how many rows it will likely be put out, and by what it was said. */
  expectedEnd: number;
  expectedAt: string;
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
    this.#entries.set(candidate, { scores: [], known: 0, begun: 0, expectedEnd: 0, expectedAt: '' });
  }

  next(): Place | null {
    const turns = this.#race.turns ?? [...this.#entries.keys()].sort((a, b) => a - b);
    const candidate = turns.find((each) => this.#mayGoOn(each));
    if (candidate === undefined) return null;
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
   * How many of a candidate's rows are worth having begun: half of those that it will likely take yet to put it out; once it
   * can be put out, a few in any case.
   */
  #reach(candidate: number, entry: Entry): number {
    const { turns, first, bound } = this.#race;
    if (turns === null) return first;
    const left = this.#rows - entry.known;
    if (candidate === turns[0] || left === 0) return this.#rows;
    // Said anew when a thirtieth of what was left is known, and when another one is the best.
    const at = `${bound} ${Math.floor(30 * Math.log(this.#rows / left))}`;
    if (entry.expectedAt !== at) {
      const scores = entry.scores.slice(0, entry.known);
      entry.expectedEnd = this.#race.evidence(candidate, scores, bound ?? this.#likelyBound(turns[0]!)).expectedEnd;
      entry.expectedAt = at;
    }
    const ahead = entry.expectedEnd - entry.known;
    if (ahead <= 0) return this.#awaits(candidate) ? entry.known + 1 : 0;
    return entry.known + Math.max(Math.floor(ahead / 2), bound === null ? 0 : Math.ceil(left / 32));
  }

  #awaits(candidate: number): boolean {
    return this.#race.awaited?.candidate === candidate;
  }

  /** What the race will judge by, as the leader scored so far. */
  #likelyBound(leader: number): number {
    const { scores, known } = this.#entries.get(leader)!;
    return this.#race.boundOver((sumOf(scores.slice(0, known)) / known) * this.#rows);
  }
}

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
