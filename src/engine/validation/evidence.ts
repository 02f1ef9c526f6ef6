import { sumOf } from './contest.ts';

/**
 * Evidence, by betting, that the scores of a candidate add up to less than a bound.
 *
 * Rows come in random order, without replacement. Were the sum over all n rows just the bound m, the mean of the rows that
 * are left would be (m − sum so far) / rows left, whatever came before. Each row is a bet that it scores less than that, at
 * a stake fixed before the row is known. While the sum is m or more, no way of betting makes more of a capital of 1, on
 * average: by Ville's inequality it ever reaches 1 / chance with a probability of at most `chance`. So looking after
 * every row costs nothing, and scores may be any numbers from 0 to 1 (Waudby-Smith and Ramdas 2020, arXiv 2006.04347, and 2024,
 * arXiv 2010.09686).
 *
 * What is known of the other rows makes the bet sharper and stays fair: guesses of the scores, of which the sum over the rows
 * left is known, are taken off (a control variate).
 */
export class Evidence {
  readonly #bound: number;
  readonly #guesses: readonly number[];
  /** Of scores less guesses. */
  readonly #level: RunningMean;
  readonly #enough: number;
  /** Of the guesses that are left, and of the scores so far. */
  #guessed: number;
  #sum = 0;
  #seen = 0;
  #logCapital = 0;
  #suffices = false;

  /**
   * @param bound on the sum of the scores.
   * @param guesses of the scores, from 0 to 1, in the order of the rows.
   * @param blind scores of the first rows: they were seen before bound and guesses were known, so the stakes on them
   *   know neither.
   */
  constructor(bound: number, guesses: readonly number[], blind: readonly number[], chance: number) {
    this.#bound = bound;
    this.#guesses = guesses;
    this.#guessed = sumOf(guesses);
    this.#enough = Math.log(1 / chance);
    const level = (bound - this.#guessed) / guesses.length - usualGap;
    this.#level = new RunningMean(level, usualVariance, 20);
    const before = new RunningMean(0.5, usualVariance, 4);
    for (const score of blind) {
      this.#bet(score, this.#blindStake(before.mean), 0);
      before.add(score);
    }
  }

  /** The scores add up to less than the bound, unless something happened that has the probability `chance`. */
  get suffices(): boolean {
    return this.#suffices;
  }

  /** Takes the score of the next row. */
  add(score: number): void {
    const guessed = this.#guessed / this.#left;
    const gap = this.#toBeat - this.#level.mean - guessed;
    // At most so much that no score takes more than nine tenths of the capital.
    const most = 0.9 / Math.max(0.05, 1 + guessed - this.#toBeat);
    const stake = Math.min(most, Math.max(0, gap) / (this.#level.variance + gap * gap));
    this.#bet(score, stake, this.#guesses[this.#seen]! - guessed);
  }

  /** After how many rows it will suffice, if scores go on as they were; the number of all rows where it will not. */
  get expectedEnd(): number {
    const rows = this.#guesses.length;
    if (this.#suffices) return this.#seen;
    const missing = (this.#toBeat - this.#level.mean) * this.#left - this.#guessed;
    if (missing <= 0) return rows;
    // The gap is missing / left, which grows; a bet gains about gap² / (2 variance).
    const needed = (2 * this.#level.variance * (this.#enough - this.#logCapital)) / missing ** 2;
    return Math.ceil(rows - 1 / (needed + 1 / this.#left));
  }

  get #left(): number {
    return this.#guesses.length - this.#seen;
  }

  /** The mean that the rows left must have for the bound. */
  get #toBeat(): number {
    return (this.#bound - this.#sum) / this.#left;
  }

  /** What is best where half of the rows are to decide. */
  #blindStake(mean: number): number {
    const variance = Math.max(0.04, mean * (1 - mean));
    return Math.min(0.9, Math.sqrt((4 * this.#enough) / (variance * this.#guesses.length)));
  }

  /** @param known of the score: by how much the guess is above those of the rows that are left. */
  #bet(score: number, stake: number, known: number): void {
    // Where the bound is reached, it is lost for good.
    const factor = this.#toBeat < 0 ? 0 : 1 + stake * (this.#toBeat - score + known);
    this.#logCapital += Math.log(factor);
    const guess = this.#guesses[this.#seen]!;
    this.#level.add(score - guess);
    this.#guessed -= guess;
    this.#sum += score;
    this.#seen++;
    const outOfReach = this.#bound - this.#sum > this.#left + rounding;
    // What was won once counts, also where later bets are lost.
    if (outOfReach || this.#logCapital >= this.#enough) this.#suffices = true;
  }
}

/** Of sums of fractions. */
const rounding = 1e-9;

/** What stakes begin with: how far below the bound a candidate usually is, and how much scores vary. */
const usualGap = 0.05;
const usualVariance = 0.15;

/** Mean and variance of what came so far, from an expectation that weighs as so many rows. */
class RunningMean {
  #sum: number;
  #squares: number;
  #weight: number;

  constructor(mean: number, variance: number, weight: number) {
    this.#sum = mean * weight;
    this.#squares = variance * weight;
    this.#weight = weight;
  }

  get mean(): number {
    return this.#sum / this.#weight;
  }

  get variance(): number {
    return this.#squares / this.#weight;
  }

  add(value: number): void {
    this.#squares += (value - this.mean) ** 2;
    this.#sum += value;
    this.#weight++;
  }
}
