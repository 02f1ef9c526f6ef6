/**
 * Finds program runs by a text in what the program was given and gave. All records are read for a new text, only those
 * that were found before for one that goes on from it, and only what was appended for the same.
 */
import * as z from 'zod';
import { visitRecords } from './traceRecords.ts';

interface Found {
  /** In lower case. */
  readonly text: string;
  /** Records that were looked at. */
  readonly size: number;
  readonly places: readonly number[];
}

const nothingSearched: Found = { text: '', size: 0, places: [] };

export class TraceSearch {
  readonly #folder: string;
  #last = nothingSearched;
  #searching: Promise<unknown> = Promise.resolve();

  /** @param folder of the trace store. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Places, ascending, of those of the first `size` records that hold the text, in capital letters or small. */
  async find(text: string, size: number): Promise<readonly number[]> {
    // One after another: each goes on from what the one before found.
    const next = this.#searching.then(() => this.#search(text.toLowerCase(), size));
    this.#searching = next.catch(() => undefined);
    return next;
  }

  async #search(text: string, size: number): Promise<readonly number[]> {
    const { text: before, size: seen, places } = goneOnFrom(this.#last, text);
    const known = before === text ? places : await this.#those(places, text);
    const fresh = Array.from({ length: Math.max(0, size - seen) }, (_, i) => seen + i);
    const all = [...known, ...(await this.#those(fresh, text))];
    this.#last = { text, size: Math.max(seen, size), places: all };
    return all;
  }

  async #those(places: readonly number[], text: string): Promise<readonly number[]> {
    const found: number[] = [];
    const inJson = JSON.stringify(text).slice(1, -1).toLowerCase();
    await visitRecords(this.#folder, places, (place, line) => {
      const whole = line.toString('utf8');
      // Most records do not hold it anywhere: those are not taken apart.
      if (whole.toLowerCase().includes(inJson) && holds(whole, text)) found.push(place);
    });
    return found;
  }
}

/** What was found before, as far as it can be gone on from: a longer text is only where the shorter one is. */
function goneOnFrom(last: Found, text: string): Found {
  return last.text !== '' && text.includes(last.text) ? last : nothingSearched;
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
