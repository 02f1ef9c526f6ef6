import type { Example, ProgramState } from '../data/program.ts';
import type { Score } from '../protocol.ts';
import { stopped } from './abort.ts';
import { Contest } from './earlyStopping.ts';
import { priority } from './pool.ts';
import { RowDifficulty } from './rowDifficulty.ts';
import type { Runner } from './runner.ts';
import type { Scope } from './scope.ts';
import { scoreOf, outcomeScore } from './score.ts';

export interface ValidationRequest {
  readonly rows: readonly Example[];
  /** The score, in per cent, of a candidate before all others: who cannot exceed it is stopped. */
  readonly mustExceed?: number;
  readonly metricRange: readonly [number, number];
}

/** The place of the candidate that the others must exceed. */
const beforeAll = -1;

/** How a candidate came out. */
export interface Validated {
  /** `null`: stopped, because it could not win any more. */
  readonly score: Score | null;
  /** Rows that were scored. */
  readonly scored: number;
  /** Each from 0 to 1, by row; of one that was stopped, not of all rows. */
  readonly scores: readonly number[];
}

interface Entry {
  readonly candidate: number;
  readonly answering: (row: Example) => ProgramState;
  readonly turn: number;
  readonly drop: AbortSignal;
  /** Rows not begun, the next one last. */
  open: number[];
  /** How many scores were known when `open` was put in order. */
  orderedAt: number;
  /** By row, so that sums do not depend on the order in which scores came. */
  readonly scores: number[];
  scored: number;
  failed: number;
  underWay: number;
  readonly resolve: (validated: Validated) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Scores the candidates of a prompt search on V with as few program runs as it takes to know the winner for
 * certain: one candidate after the other as far as there are slots; of each first the rows that others
 * failed on; and no more rows under way than it may lose until it is out. What is run next is decided when a slot is
 * free, so the runs made depend on timing, and the winner does not.
 */
export class Validation {
  readonly #runner: Pick<Runner, 'ahead' | 'run'>;
  readonly #scope: Scope;
  readonly #request: ValidationRequest;
  readonly #contest: Contest;
  readonly #difficulty: RowDifficulty;
  /** Who is not through, by turn. */
  #entries: readonly Entry[] = [];
  #underWay = 0;
  #failure: Error | null = null;

  constructor(runner: Pick<Runner, 'ahead' | 'run'>, scope: Scope, request: ValidationRequest) {
    this.#runner = runner;
    this.#scope = scope;
    this.#request = request;
    this.#contest = new Contest(request.rows.length);
    this.#difficulty = new RowDifficulty(request.rows.length);
    if (request.mustExceed === undefined) return;
    this.#contest.enter(beforeAll);
    this.#contest.finished(beforeAll, request.mustExceed);
  }

  /** The candidate with the best score; ties go to the earlier. `null` before one is through. */
  best(): number | null {
    return this.#contest.best();
  }

  /**
   * Scores a candidate; those with a lower `turn` come first.
   * @param answering its state for each row.
   * @throws as `Runner.run`, once no row is under way any more.
   */
  score(candidate: number, answering: (row: Example) => ProgramState, turn: number): Promise<Validated> {
    return new Promise((resolve, reject) => {
      const entry: Entry = {
        ...{ candidate, answering, turn, resolve, reject },
        drop: this.#contest.enter(candidate),
        open: this.#difficulty.hardestLast([...this.#request.rows.keys()]),
        orderedAt: this.#difficulty.seen,
        scores: new Array<number>(this.#request.rows.length),
        scored: 0,
        failed: 0,
        underWay: 0,
      };
      this.#entries = [...this.#entries, entry].sort((a, b) => a.turn - b.turn);
      this.#advance();
    });
  }

  #advance(): void {
    this.#settle();
    while (this.#failure === null && this.#underWay < this.#runner.ahead) {
      const entry = this.#entries.find((each) => this.#mayGoOn(each));
      if (entry === undefined) return;
      void this.#run(entry, this.#nextRow(entry));
    }
  }

  #mayGoOn({ candidate, drop, open, underWay }: Entry): boolean {
    return !drop.aborted && open.length > 0 && underWay < this.#contest.allowance(candidate);
  }

  #nextRow(entry: Entry): number {
    if (this.#difficulty.seen > 2 * entry.orderedAt) {
      entry.open = this.#difficulty.hardestLast(entry.open);
      entry.orderedAt = this.#difficulty.seen;
    }
    return entry.open.pop()!;
  }

  async #run(entry: Entry, row: number): Promise<void> {
    const { candidate, answering, drop } = entry;
    const example = this.#request.rows[row]!;
    const state = answering(example);
    const task = { state, candidate, drop, purpose: 'validate' as const, round: 0, roundTemperature: 0 };
    this.#underWay++;
    entry.underWay++;
    try {
      const outcome = await this.#runner.run({ ...task, example, priority: priority.validate }, this.#scope);
      if (outcome.error !== undefined) entry.failed++;
      this.#scored(entry, row, outcomeScore(outcome, this.#request.metricRange));
    } catch (error) {
      this.#threw(entry, error);
    }
    this.#underWay--;
    entry.underWay--;
    this.#advance();
  }

  #scored(entry: Entry, row: number, score: number): void {
    entry.scores[row] = score;
    entry.scored++;
    this.#difficulty.add(row, score);
    this.#contest.scored(entry.candidate, score);
  }

  #threw({ drop }: Entry, error: unknown): void {
    const { signal } = this.#scope;
    if (drop.aborted && !signal.aborted) return;
    this.#failure ??= signal.aborted ? stopped(signal) : error instanceof Error ? error : new Error(String(error));
  }

  /** Notifies those that are done: first those with all scores, which may eliminate others. */
  #settle(): void {
    for (const entry of this.#entries.filter(({ scored }) => scored === this.#request.rows.length)) {
      const score = scoreOf(entry.scores, entry.failed);
      this.#contest.finished(entry.candidate, score.score);
      this.#leave(entry, score);
    }
    for (const entry of this.#entries.filter(({ drop, underWay }) => drop.aborted && underWay === 0)) {
      this.#leave(entry, null);
    }
    if (this.#failure === null || this.#underWay > 0) return;
    for (const { reject } of this.#entries) reject(this.#failure);
    this.#entries = [];
  }

  #leave(entry: Entry, score: Score | null): void {
    this.#entries = this.#entries.filter((each) => each !== entry);
    const { scored, scores } = entry;
    entry.resolve({ score, scored, scores });
  }
}
