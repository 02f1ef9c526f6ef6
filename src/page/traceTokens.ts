/** Tokens of program runs. Only their records have them, so whoever sorts by them reads all records, once. */
import * as z from 'zod';
import { tokenUsageSchema } from '../data/lm.ts';
import { visitRecords } from './traceRecords.ts';

const requestSchema = z.object({ usage: tokenUsageSchema.nullable().catch(null) });
/** The part of a record that tells its tokens. */
export const tokensSchema = z.object({
  outcome: z.object({
    trace: z.array(z.object({ lm: z.array(requestSchema) })),
    untraced: z.array(requestSchema).exactOptional(),
  }),
});

/** In and out, of all requests; `null`: an endpoint did not report them. */
export function recordTokens({ outcome }: z.infer<typeof tokensSchema>): number | null {
  let sum = 0;
  for (const { usage } of [...outcome.trace.flatMap(({ lm }) => lm), ...(outcome.untraced ?? [])]) {
    if (usage === null) return null;
    sum += usage.inputTokens + usage.outputTokens;
  }
  return sum;
}

export class TraceTokens {
  readonly #folder: string;
  readonly #tokens: (number | null)[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** By place, of the first `size` records. */
  async of(size: number): Promise<readonly (number | null)[]> {
    const known = this.#tokens.length;
    const fresh = Array.from({ length: Math.max(0, size - known) }, (_, i) => known + i);
    await visitRecords(this.#folder, fresh, (place, line) => {
      this.#tokens[place] = tokensIn(line);
    });
    return this.#tokens;
  }
}

function tokensIn(line: Buffer): number | null {
  try {
    const record = tokensSchema.safeParse(JSON.parse(line.toString('utf8')));
    return record.success ? recordTokens(record.data) : null;
  } catch {
    return null;
  }
}
