/** What the metric said of a program run, for the list of traces: it is in the record alone, not in the log. */
import * as z from 'zod';
import { listedTraceBytesAtMost } from '../base/limits.ts';
import { readTrace } from '../run/record/traceStore.ts';
import { brief } from '../view/words.ts';

const feedbackSchema = z.object({ outcome: z.object({ feedback: z.string() }) });

export class TraceFeedback {
  readonly #folder: string;
  /** Records do not change, and pages of the list are asked for again and again while a run works. */
  readonly #known = new Map<number, string | null>();

  /** @param folder of the trace store. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** In one line, shortened; `null`: nothing was said, or the record is long or cannot be read. */
  of(place: number): string | null {
    const known = this.#known.get(place);
    if (known !== undefined) return known;
    const said = this.#read(place);
    this.#known.set(place, said);
    return said;
  }

  #read(place: number): string | null {
    try {
      const record = feedbackSchema.safeParse(readTrace(this.#folder, place, listedTraceBytesAtMost));
      return record.success ? brief(record.data.outcome.feedback) : null;
    } catch {
      // Whoever opens the trace is told why it cannot be read.
      return null;
    }
  }
}
