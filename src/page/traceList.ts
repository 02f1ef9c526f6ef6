/** The program runs of a run as its page lists them: which match, in which order. Their rows are read page by page. */
import { gradeOf } from '../view/grade.ts';
import type { ListedTraces, TraceRow, TraceSort } from '../viewProtocol/traces.ts';
import type { Outcome, RunDetails } from './runDetails.ts';
import type { TraceIndex } from './traceIndex.ts';
import { TraceSearch } from './traceSearch.ts';
import type { TraceSummaries } from './traceSummary.ts';
import { TraceTokens } from './traceTokens.ts';

export interface TraceListParts {
  /** Of the trace store. */
  readonly folder: string;
  readonly index: TraceIndex;
  readonly details: RunDetails;
  readonly summaries: TraceSummaries;
}

/** Of the runs that the program really made, those that took longest. */
const slowShare = 0.05;

export class TraceList {
  readonly #parts: TraceListParts;
  readonly #search: TraceSearch;
  readonly #tokens: TraceTokens;
  #last = { mark: '', places: [] as readonly number[] };

  constructor(parts: TraceListParts) {
    this.#parts = parts;
    this.#search = new TraceSearch(parts.folder);
    this.#tokens = new TraceTokens(parts.folder);
  }

  /**
   * Places of the records that match, in order.
   *
   * @param threshold from this score (0 to 1) a run is right.
   * @param version of what `details` knows.
   * @throws HumanError when another text is searched for before this is done.
   */
  async find(
    filter: ListedTraces,
    sort: TraceSort,
    { threshold, version }: { readonly threshold: number; readonly version: number },
  ): Promise<readonly number[]> {
    const mark = JSON.stringify([filter, sort, version, this.#parts.index.size]);
    if (mark !== this.#last.mark) this.#last = { mark, places: await this.#list(filter, sort, threshold) };
    return this.#last.places;
  }

  row(place: number): TraceRow {
    const { step, candidate, purpose, example, round } = this.#parts.index.head(place)!;
    const outcome = this.#outcome(place);
    const { input, feedback, tokens } = this.#parts.summaries.of(place);
    return {
      ...{ trace: place, step, candidate, purpose, example, round },
      score: outcome?.score ?? null,
      seconds: outcome?.seconds ?? null,
      cached: outcome?.cached ?? false,
      error: outcome?.error ?? null,
      ...{ input, feedback, tokens },
    };
  }

  async #list({ outcome, text = '', ...about }: ListedTraces, sort: TraceSort, threshold: number) {
    const { index } = this.#parts;
    let places: readonly number[] = index.find(about);
    if (text.trim() === '') this.#search.stop();
    else {
      const found = new Set(await this.#search.find(text.trim(), index.size));
      places = places.filter((place) => found.has(place));
    }
    if (outcome === 'slow') places = this.#slowest(places);
    else if (outcome !== undefined) places = places.filter((place) => this.#grade(place, threshold) === outcome);
    return sort.by === 'made' ? inOrder(places, sort.descending) : this.#sorted(places, sort);
  }

  #grade(place: number, threshold: number) {
    const known = this.#outcome(place);
    return known === undefined ? null : gradeOf(known.score, known.error !== null, threshold);
  }

  #slowest(places: readonly number[]): readonly number[] {
    const made = places
      .map((place) => ({ place, outcome: this.#outcome(place) }))
      .flatMap(({ place, outcome }) => (outcome?.cached === false ? [{ place, seconds: outcome.seconds }] : []))
      .sort((a, b) => b.seconds - a.seconds);
    const slowest = made.slice(0, Math.ceil(slowShare * made.length));
    return slowest.map(({ place }) => place).sort((a, b) => a - b);
  }

  async #sorted(places: readonly number[], { by, descending }: TraceSort): Promise<readonly number[]> {
    const tokens = by === 'tokens' ? await this.#tokens.of(this.#parts.index.size) : [];
    const value = (place: number): number | null => {
      if (by === 'tokens') return tokens[place] ?? null;
      const outcome = this.#outcome(place);
      if (by === 'score') return outcome?.score ?? null;
      // What the memo answered took no time.
      return outcome === undefined || outcome.cached ? null : outcome.seconds;
    };
    const direction = descending ? -1 : 1;
    return places
      .map((place) => ({ place, value: value(place) }))
      .sort((a, b) => {
        if (a.value === null || b.value === null) return Number(a.value === null) - Number(b.value === null);
        return direction * (a.value - b.value);
      })
      .map(({ place }) => place);
  }

  #outcome(place: number): Outcome | undefined {
    return this.#parts.details.outcome(this.#parts.index.head(place)!);
  }
}

function inOrder(places: readonly number[], descending: boolean): readonly number[] {
  return descending ? places.toReversed() : places;
}
