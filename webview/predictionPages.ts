/** Asks the host for what the program gave on the rows in sight, once for each row. */
import type { PredictionRow } from '../src/viewProtocol/examples.ts';

/** What can be asked at once; the host answers no more. */
const askedAtMost = 100;

export interface PredictionPagesParts {
  ask(rows: number[]): Promise<{ readonly rows: readonly PredictionRow[] }>;
  /** All that is known, by the number of the row. */
  put(known: ReadonlyMap<number, PredictionRow>): void;
  /** Does the work, and says what went wrong. */
  attempt(work: () => Promise<void>): unknown;
}

export class PredictionPages {
  readonly #parts: PredictionPagesParts;
  readonly #asked = new Set<number>();
  #known: ReadonlyMap<number, PredictionRow> = new Map();
  #about = '';
  #version = '';

  constructor(parts: PredictionPagesParts) {
    this.#parts = parts;
  }

  /**
   * @param about what the rows are of: with another one nothing that is known holds.
   * @param version of what there is: with another one all is asked for again, and shown until it comes.
   */
  need(about: string, version: string, rows: readonly number[]): void {
    if (about !== this.#about) this.#put(new Map());
    if (about !== this.#about || version !== this.#version) this.#asked.clear();
    this.#about = about;
    this.#version = version;
    const fresh = rows.filter((row) => !this.#asked.has(row));
    for (let from = 0; from < fresh.length; from += askedAtMost) this.#ask(fresh.slice(from, from + askedAtMost));
  }

  #ask(rows: number[]): void {
    for (const row of rows) this.#asked.add(row);
    const about = this.#about;
    void this.#parts.attempt(async () => {
      const answer = await this.#parts.ask(rows);
      if (about !== this.#about) return;
      this.#put(new Map([...this.#known, ...answer.rows.map((row) => [row.example, row] as const)]));
    });
  }

  #put(known: ReadonlyMap<number, PredictionRow>): void {
    this.#known = known;
    this.#parts.put(known);
  }
}
