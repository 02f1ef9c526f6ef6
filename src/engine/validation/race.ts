import { percent } from '../score.ts';
import type { End } from './contest.ts';
import { bestOf, sumOf } from './contest.ts';
import { Evidence } from './evidence.ts';

/** What a race may get wrong: with at most the probability `chance` its winner is more than `loss` points below the best. */
export interface Racing {
  readonly chance: number;
  /** In points of 100. */
  readonly loss: number;
}

/** A race that waits for a score: of a candidate, at a place in its order of the rows. */
export interface Awaited {
  readonly candidate: number;
  readonly place: number;
}

/**
 * A race of candidates over n rows, each in a random order of its own; scores are 0 to 1. All are scored on an eighth of the
 * rows. Who is best there is scored on all, and then each of the others in turn, the better first, until it is unlikely to
 * be more than `loss` points better than the best so far (`Evidence`). The race asks for one score after the other and
 * decides by nothing else, so it is the same however the scores come about.
 *
 * To the rounding of scores, the winner is more than `loss` points below the best candidate b only if b was put out while its sum reached the bound that it
 * was judged by, that of the best then, who is no better than the winner. A capital that was bet against a bound is no
 * greater than one that was bet, at the same stakes, against the sum that b really has. So the error is that one capital, of
 * one candidate, which is fair whoever was before it, ever reaches 1 / chance: however many candidates there are, there is no
 * correction for their number. The stakes on rows of b may know all that was seen before, also of others, because no order
 * says anything of another.
 */
export class Race {
  readonly #rows: number;
  readonly #racing: Racing;
  /** By candidate: its order of the rows. */
  readonly #orders: readonly (readonly number[])[];
  /** By candidate, in its order. */
  readonly #scores: readonly number[][];
  readonly #ends = new Map<number, End>();
  /** In per cent, of those scored on all rows. */
  readonly #finished = new Map<number, number>();
  #bound: number | null = null;
  /** The candidates as they take turns after the first rows; `null`: not known yet. */
  #turns: readonly number[] | null = null;
  readonly #process: Generator<Awaited, void, number>;
  #awaited: Awaited | null;

  constructor(orders: readonly (readonly number[])[], racing: Racing) {
    this.#rows = orders[0]?.length ?? 0;
    this.#orders = orders;
    this.#racing = racing;
    this.#scores = orders.map(() => []);
    this.#process = this.#run();
    this.#awaited = this.#process.next().value ?? null;
  }

  /** `null`: it is over. */
  get awaited(): Awaited | null {
    return this.#awaited;
  }

  /** Takes the score that is awaited. */
  take(score: number): void {
    this.#awaited = this.#process.next(score).value ?? null;
  }

  /** Rows that every candidate is scored on. */
  get first(): number {
    return Math.ceil(this.#rows / 8);
  }

  get turns(): readonly number[] | null {
    return this.#turns;
  }

  /** `null`: it is open. */
  endOf(candidate: number): End | null {
    return this.#ends.get(candidate) ?? null;
  }

  best(): number | null {
    return bestOf(this.#finished);
  }

  /** What the sum of a candidate's scores must be to be worth going on; `null`: none is scored on all rows yet. */
  get bound(): number | null {
    return this.#bound;
  }

  /** @param leader the sum of the scores of who is to be beaten. */
  boundOver(leader: number): number {
    return leader + (this.#racing.loss * this.#rows) / 100;
  }

  /** What the first scores of a candidate, in its order, say against its sum being `bound` or more. */
  evidence(candidate: number, scores: readonly number[], bound: number): Evidence {
    const blind = scores.slice(0, this.first);
    const evidence = new Evidence(bound, this.#guesses(candidate), blind, this.#racing.chance);
    for (const score of scores.slice(this.first)) evidence.add(score);
    return evidence;
  }

  *#run(): Generator<Awaited, void, number> {
    const all = [...this.#orders.keys()];
    for (const candidate of all) yield* this.#score(candidate, this.first);
    const early = this.#scores.map(sumOf);
    this.#turns = all.sort((a, b) => early[b]! - early[a]! || a - b);
    for (const candidate of this.#turns) {
      const { bound } = this;
      if (bound === null) yield* this.#score(candidate, this.#rows);
      else yield* this.#challenge(candidate, bound);
      this.#end(candidate);
    }
  }

  *#score(candidate: number, rows: number): Generator<Awaited, void, number> {
    const scores = this.#scores[candidate]!;
    while (scores.length < rows) scores.push(yield { candidate, place: scores.length });
  }

  /** Scores a candidate until there is evidence enough against it, or no row left. */
  *#challenge(candidate: number, bound: number): Generator<Awaited, void, number> {
    const scores = this.#scores[candidate]!;
    const evidence = this.evidence(candidate, scores, bound);
    while (scores.length < this.#rows && !evidence.suffices) {
      const score = yield { candidate, place: scores.length };
      scores.push(score);
      evidence.add(score);
    }
  }

  #end(candidate: number): void {
    const scores = this.#scores[candidate]!;
    const after = scores.length;
    if (after < this.#rows) {
      this.#ends.set(candidate, { kind: 'out', unlikely: { after, ...this.#racing } });
      return;
    }
    this.#ends.set(candidate, { kind: 'scored' });
    this.#finished.set(candidate, percent(sumOf(this.#byRow(candidate)), this.#rows));
    this.#bound = this.boundOver(sumOf(this.#byRow(this.best()!)));
  }

  #byRow(candidate: number): readonly number[] {
    const scores = new Array<number>(this.#rows).fill(0);
    for (const [place, score] of this.#scores[candidate]!.entries()) scores[this.#orders[candidate]![place]!] = score;
    return scores;
  }

  /**
   * For the rows in a candidate's order: half of what those scored on all rows have there on average. Half, because it helps
   * where candidates fail on the same rows, and costs little where they do not.
   */
  #guesses(candidate: number): readonly number[] {
    const known = [...this.#finished.keys()].map((each) => this.#byRow(each));
    const at = (row: number) => (known.length === 0 ? 0 : sumOf(known.map((scores) => scores[row]!)) / known.length);
    return this.#orders[candidate]!.map((row) => at(row) / 2);
  }
}
