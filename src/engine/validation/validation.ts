import type { Example, ProgramState } from '../../data/program.ts';
import type { Score, Unlikely } from '../../protocol.ts';
import { stopped } from '../abort.ts';
import { priority } from '../pool.ts';
import type { Runner } from '../runner.ts';
import type { Scope } from '../scope.ts';
import { scoreOf, outcomeScore } from '../score.ts';
import type { Contest, Place } from './contest.ts';

export interface ValidationRequest {
  readonly rows: readonly Example[];
  readonly metricRange: readonly [number, number];
  /** Of the same rows. */
  readonly contest: Contest;
}

/** How a candidate came out. */
export interface Validated {
  /** `null`: stopped, because it could not win any more, or was unlikely to. */
  readonly score: Score | null;
  readonly unlikely?: Unlikely;
  /** Rows that were scored. */
  readonly scored: number;
  /** Each from 0 to 1, by row; of one that was stopped, not of all rows. */
  readonly scores: readonly number[];
}

interface Entry {
  readonly candidate: number;
  readonly answering: (row: Example) => ProgramState;
  readonly drop: AbortController;
  scored: number;
  failed: number;
  underWay: number;
  readonly resolve: (validated: Validated) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Scores the candidates of a search on V, as many rows at once as there are slots, until a contest knows the winner. What is
 * run next is decided when a slot is free, so the runs made depend on timing, and the winner does not.
 */
export class Validation {
  readonly #runner: Pick<Runner, 'ahead' | 'run'>;
  readonly #scope: Scope;
  readonly #request: ValidationRequest;
  /** Who is not through. */
  #entries: readonly Entry[] = [];
  #underWay = 0;
  #failure: Error | null = null;

  constructor(runner: Pick<Runner, 'ahead' | 'run'>, scope: Scope, request: ValidationRequest) {
    this.#runner = runner;
    this.#scope = scope;
    this.#request = request;
  }

  /** The candidate with the best score; ties go to the earlier. `null` before one is through. */
  best(): number | null {
    return this.#request.contest.best();
  }

  /**
   * Scores a candidate; those with a lower `turn` come first, as far as the contest goes by that.
   * @param answering its state for each row.
   * @throws as `Runner.run`, once no row is under way any more.
   */
  score(candidate: number, answering: (row: Example) => ProgramState, turn: number): Promise<Validated> {
    return new Promise((resolve, reject) => {
      const counts = { scored: 0, failed: 0, underWay: 0 };
      const entry = { candidate, answering, drop: new AbortController(), ...counts, resolve, reject };
      this.#entries = [...this.#entries, entry];
      this.#request.contest.enter(candidate, turn);
      this.#advance();
    });
  }

  #advance(): void {
    this.#settle();
    while (this.#failure === null && this.#underWay < this.#runner.ahead) {
      const place = this.#request.contest.next();
      if (place === null) return;
      void this.#run(
        this.#entries.find(({ candidate }) => candidate === place.candidate)!,
        place,
      );
    }
  }

  async #run(entry: Entry, place: Place): Promise<void> {
    const { candidate, answering } = entry;
    const drop = entry.drop.signal;
    const example = this.#request.rows[place.row]!;
    const state = answering(example);
    const task = { state, candidate, drop, purpose: 'validate' as const, round: 0, roundTemperature: 0 };
    this.#underWay++;
    entry.underWay++;
    try {
      const outcome = await this.#runner.run({ ...task, example, priority: priority.validate }, this.#scope);
      if (outcome.error !== undefined) entry.failed++;
      entry.scored++;
      this.#request.contest.scored(place, outcomeScore(outcome, this.#request.metricRange));
    } catch (error) {
      this.#threw(drop, error);
    }
    this.#underWay--;
    entry.underWay--;
    this.#advance();
  }

  #threw(drop: AbortSignal, error: unknown): void {
    const { signal } = this.#scope;
    if (drop.aborted && !signal.aborted) return;
    this.#failure ??= signal.aborted ? stopped(signal) : error instanceof Error ? error : new Error(String(error));
  }

  /** Notifies those that are done. */
  #settle(): void {
    for (const entry of this.#entries) this.#end(entry);
    if (this.#failure === null || this.#underWay > 0) return;
    for (const { reject } of this.#entries) reject(this.#failure);
    this.#entries = [];
  }

  /** Notifies one, if it is done; drops what waits of one that is out. */
  #end(entry: Entry): void {
    const { candidate, drop, failed, underWay } = entry;
    const end = this.#request.contest.endOf(candidate);
    if (end === null) return;
    if (end.kind === 'scored') {
      this.#leave(entry, { score: scoreOf(this.#request.contest.scoresOf(candidate), failed) });
      return;
    }
    drop.abort();
    const { unlikely } = end;
    if (underWay === 0) this.#leave(entry, { score: null, ...(unlikely === undefined ? {} : { unlikely }) });
  }

  #leave(entry: Entry, how: Pick<Validated, 'score' | 'unlikely'>): void {
    this.#entries = this.#entries.filter((each) => each !== entry);
    const { candidate, scored, resolve } = entry;
    resolve({ ...how, scored, scores: this.#request.contest.scoresOf(candidate) });
  }
}
