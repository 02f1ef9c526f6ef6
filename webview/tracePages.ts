/** The list of traces, page by page: what is in sight is asked for, and what is shown stays until the next is here. */
import type { Answer } from '../src/viewProtocol/answers.ts';
import type { ListedTraces, TraceSort } from '../src/viewProtocol/traces.ts';

const pageSize = 200;
/** Whoever types is waited for (ms): a search reads all traces. */
const typingPause = 200;

export type TraceListing = Pick<Answer<'traces'>, 'total'> & {
  /** By place in the list; those that are here. */
  readonly rows: ReadonlyMap<number, Answer<'traces'>['rows'][number]>;
};

export interface TracePagesParts {
  ask(filter: ListedTraces, sort: TraceSort, from: number, count: number): Promise<Answer<'traces'>>;
  put(listing: TraceListing): void;
  /** Does the work, and says what went wrong. */
  attempt(work: () => Promise<void>, failed: () => void): unknown;
}

export class TracePages {
  readonly #parts: TracePagesParts;
  readonly #asked = new Set<number>();
  #filter: ListedTraces;
  #sort: TraceSort;
  #listing: TraceListing = { total: 0, rows: new Map() };
  /** What the rows that are here were asked for by. */
  #isOf = '';
  #waiting: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: TracePagesParts, filter: ListedTraces, sort: TraceSort) {
    this.#parts = parts;
    this.#filter = filter;
    this.#sort = sort;
  }

  /** Lists these from now on. */
  list(filter: ListedTraces, sort: TraceSort): void {
    const typed = filter.text !== this.#filter.text && filter.text !== undefined;
    this.#filter = filter;
    this.#sort = sort;
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
    if (!typed) return this.again();
    this.#waiting = setTimeout(() => {
      this.#waiting = undefined;
      this.again();
    }, typingPause);
  }

  /** There may be more: places move, so nothing that is here is sure. */
  again(): void {
    this.#asked.clear();
    this.#need(0);
  }

  /** These places are in sight. */
  need(from: number, count: number): void {
    if (this.#waiting !== undefined) return;
    for (let page = Math.floor(from / pageSize); page * pageSize < from + count; page++) this.#need(page);
  }

  #need(page: number): void {
    if (this.#asked.has(page)) return;
    this.#asked.add(page);
    const [filter, sort] = [this.#filter, this.#sort];
    const mark = JSON.stringify([filter, sort]);
    const isWanted = (): boolean => mark === JSON.stringify([this.#filter, this.#sort]);
    void this.#parts.attempt(
      async () => {
        const { total, from, rows } = await this.#parts.ask(filter, sort, page * pageSize, pageSize);
        if (!isWanted()) return;
        const known = mark === this.#isOf ? this.#listing.rows : [];
        this.#isOf = mark;
        this.#listing = { total, rows: new Map([...known, ...rows.map((row, i) => [from + i, row] as const)]) };
        this.#parts.put(this.#listing);
      },
      () => {
        // Of another list: that page may be on its way of this one.
        if (isWanted()) this.#asked.delete(page);
      },
    );
  }
}
