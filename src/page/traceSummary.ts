/** What a table shows of program runs: it is in their records alone, not in the log. */
import * as z from 'zod';
import { listedTraceBytesAtMost } from '../base/limits.ts';
import { fieldsSchema } from '../data/fields.ts';
import { readTrace } from '../run/record/traceStore.ts';
import { brief } from '../view/words.ts';
import { preview } from '../view/lineText.ts';
import { recordTokens, tokensSchema } from './traceTokens.ts';

const summarySchema = z.object({
  outcome: tokensSchema.shape.outcome.extend({
    prediction: fieldsSchema.nullable(),
    feedback: z.string().exactOptional(),
    trace: z.array(tokensSchema.shape.outcome.shape.trace.element.extend({ inputs: fieldsSchema })),
  }),
});

export interface TraceSummary {
  readonly prediction: z.infer<typeof fieldsSchema> | null;
  /** What the first call was asked, and what the metric said; each in one line, shortened. */
  readonly input: string | null;
  readonly feedback: string | null;
  /** Of all requests; `null`: an endpoint did not report them. */
  readonly tokens: number | null;
}

/** Of a record that is long or cannot be read: whoever opens the trace is told why. */
const nothingKnown: TraceSummary = { prediction: null, input: null, feedback: null, tokens: null };

const keptAtMost = 5000;

export class TraceSummaries {
  readonly #folder: string;
  /** Records do not change, and pages of a table are asked for again and again while a run works. */
  readonly #known = new Map<number, TraceSummary>();

  /** @param folder of the trace store. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  of(place: number): TraceSummary {
    const known = this.#known.get(place);
    if (known !== undefined) return known;
    const summary = this.#read(place);
    if (this.#known.size >= keptAtMost) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(place, summary);
    return summary;
  }

  #read(place: number): TraceSummary {
    try {
      const record = summarySchema.safeParse(readTrace(this.#folder, place, listedTraceBytesAtMost));
      return record.success ? summaryOf(record.data) : nothingKnown;
    } catch {
      return nothingKnown;
    }
  }
}

function summaryOf(record: z.infer<typeof summarySchema>): TraceSummary {
  const { prediction, feedback, trace } = record.outcome;
  const asked = trace[0]?.inputs;
  return {
    prediction,
    input: asked === undefined ? null : preview(asked),
    feedback: feedback === undefined ? null : brief(feedback),
    tokens: recordTokens(record),
  };
}
