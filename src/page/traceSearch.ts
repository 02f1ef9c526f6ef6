/**
 * Finds program runs by a text in what the program was given and gave. All records are read for a new text, only those
 * that were found before for one that goes on from it, and only what was appended for the same. There is one text that is
 * wanted: a search for another ends.
 */
import * as l10n from '../base/l10n.ts';
import * as z from 'zod';
import { HumanError } from '../base/errors.ts';
import { visitRecords } from './traceRecords.ts';

interface Found {
  /** In lower case. */
  readonly text: string;
  /** Records that were looked at. */
  readonly size: number;
  readonly places: readonly number[];
}

const nothingSearched: Found = { text: '', size: 0, places: [] };
/** Texts whose records are known: whoever takes back letters finds what was found before. */
const textsKept = 8;

export class TraceSearch {
  readonly #folder: string;
  /** The latest first. */
  #found: readonly Found[] = [];
  #searching: Promise<unknown> = Promise.resolve();
  /** What is searched for now, in lower case, and what ends it. */
  #wanted = { text: '', end: new AbortController() };

  /** @param folder of the trace store. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Ends every search for another text.
   *
   * @returns places, ascending, of those of the first `size` records that hold the text, in capital letters or small.
   * @throws HumanError when another text is searched for, or none any more, before this is done.
   */
  async find(text: string, size: number): Promise<readonly number[]> {
    const { text: wanted, end } = this.#want(text.toLowerCase());
    // One after another: each goes on from what the ones before found.
    const next = this.#searching.then(() => this.#search(wanted, size, end.signal));
    this.#searching = next.catch(() => undefined);
    return next;
  }

  /** Nothing is searched for any more. */
  stop(): void {
    this.#want('');
  }

  #want(text: string) {
    if (text === this.#wanted.text) return this.#wanted;
    this.#wanted.end.abort(new HumanError(l10n.t('Another text was searched for meanwhile.')));
    this.#wanted = { text, end: new AbortController() };
    return this.#wanted;
  }

  async #search(text: string, size: number, signal: AbortSignal): Promise<readonly number[]> {
    signal.throwIfAborted();
    const { text: before, size: seen, places } = goneOnFrom(this.#found, text);
    const known = before === text ? places : await this.#those(places, text, signal);
    const fresh = Array.from({ length: Math.max(0, size - seen) }, (_, i) => seen + i);
    const all = [...known, ...(await this.#those(fresh, text, signal))];
    const found = { text, size: Math.max(seen, size), places: all };
    this.#found = [found, ...this.#found.filter((one) => one.text !== text)].slice(0, textsKept);
    return all;
  }

  async #those(places: readonly number[], text: string, signal: AbortSignal): Promise<readonly number[]> {
    const found: number[] = [];
    const inJson = JSON.stringify(text).slice(1, -1).toLowerCase();
    const look = (place: number, line: Buffer): void => {
      const whole = line.toString('utf8');
      // Most records do not hold it anywhere: those are not taken apart.
      if (whole.toLowerCase().includes(inJson) && holds(whole, text)) found.push(place);
    };
    await visitRecords(this.#folder, places, look, signal);
    return found;
  }
}

/** What was found before of the longest text that this one holds: a longer text is only where the shorter one is. */
function goneOnFrom(found: readonly Found[], text: string): Found {
  const within = found.filter((one) => text.includes(one.text));
  return within.reduce((best, one) => (one.text.length > best.text.length ? one : best), nothingSearched);
}

const textsSchema = z.object({
  outcome: z.object({
    prediction: z.unknown(),
    feedback: z.unknown().optional(),
    error: z.object({ message: z.unknown() }).optional(),
    trace: z.array(z.object({ inputs: z.unknown(), outputs: z.unknown(), error: z.unknown().optional() })),
  }),
});

function holds(line: string, text: string): boolean {
  let record: z.infer<typeof textsSchema>;
  try {
    record = textsSchema.parse(JSON.parse(line));
  } catch {
    return false;
  }
  const { prediction, feedback, error, trace } = record.outcome;
  const calls = trace.flatMap((call) => [call.inputs, call.outputs, call.error]);
  return [prediction, feedback, error?.message, ...calls].some((value) => isIn(value, text));
}

/** Names of fields are no texts of the program. */
function isIn(value: unknown, text: string): boolean {
  if (value === null || value === undefined) return false;
  if (typeof value !== 'object') return String(value).toLowerCase().includes(text);
  return Object.entries(value).some(([name, one]) => name !== '$exact' && isIn(one, text));
}
