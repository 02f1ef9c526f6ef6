/** What the calls of each predictor took, out of the traces. Read when it is asked for. */
import * as z from 'zod';
import { listedTraceBytesAtMost } from '../base/limits.ts';
import { lmRecordSchema } from '../data/lm.ts';
import { isPaid } from '../view/paid.ts';
import type { Answer } from '../viewProtocol/answers.ts';
import type { RunDetails } from './runDetails.ts';
import type { TraceIndex } from './traceIndex.ts';
import { visitRecords } from './traceRecords.ts';

const recordSchema = z.object({
  step: z.string(),
  outcome: z.object({
    trace: z.array(
      z.object({
        predictor: z.string(),
        lm: z.array(lmRecordSchema.pick({ cached: true, seconds: true, usage: true })),
      }),
    ),
  }),
});
type Request = z.infer<typeof recordSchema>['outcome']['trace'][number]['lm'][number];

/** Program runs that are looked into: of more, every so many. */
const runsAtMost = 20_000;

export interface TraceCostsParts {
  /** Of the trace store. */
  readonly folder: string;
  readonly index: TraceIndex;
  readonly details: RunDetails;
}

type PredictorCost = Answer<'costs'>['predictors'][number];

interface Sum {
  readonly step: string;
  readonly predictor: string;
  calls: number;
  cached: number;
  inputTokens: number | null;
  outputTokens: number | null;
  /** Of each call that was paid for. */
  readonly seconds: number[];
}

/** Each program run counts once, by its latest record. */
export async function traceCosts({ folder, index, details }: TraceCostsParts): Promise<Answer<'costs'>> {
  const all = index.find({});
  const every = Math.max(1, Math.ceil(all.length / runsAtMost));
  const places = all.filter((_, i) => i % every === 0);
  const sums = new Map<string, Sum>();
  let runs = 0;
  await visitRecords(folder, places, (place, line) => {
    const record = recordIn(line);
    if (record === null) return;
    runs++;
    const { step, outcome } = record;
    const recalled = details.recalled(index.head(place)!);
    for (const { predictor, lm } of outcome.trace)
      for (const request of lm) count(sumOf(sums, step, predictor), request, recalled);
  });
  return { runs, of: all.length, predictors: [...sums.values()].map(costOf) };
}

/** `null`: it is long, or cannot be read; whoever opens the trace is told why. */
function recordIn(line: Buffer): z.infer<typeof recordSchema> | null {
  if (line.length > listedTraceBytesAtMost) return null;
  try {
    return recordSchema.safeParse(JSON.parse(line.toString('utf8'))).data ?? null;
  } catch {
    return null;
  }
}

function sumOf(sums: Map<string, Sum>, step: string, predictor: string): Sum {
  const key = JSON.stringify([step, predictor]);
  const known = sums.get(key);
  if (known !== undefined) return known;
  const fresh: Sum = { step, predictor, calls: 0, cached: 0, inputTokens: 0, outputTokens: 0, seconds: [] };
  sums.set(key, fresh);
  return fresh;
}

function count(sum: Sum, request: Request, recalled: boolean): void {
  const { seconds, usage } = request;
  if (!isPaid(request, recalled)) {
    sum.cached++;
    return;
  }
  sum.calls++;
  sum.seconds.push(seconds);
  // A sum with one unknown in it is unknown.
  sum.inputTokens = usage === null || sum.inputTokens === null ? null : sum.inputTokens + usage.inputTokens;
  sum.outputTokens = usage === null || sum.outputTokens === null ? null : sum.outputTokens + usage.outputTokens;
}

function costOf({ seconds, ...counts }: Sum): PredictorCost {
  const sorted = seconds.toSorted((a, b) => a - b);
  if (sorted.length === 0) return { ...counts, mean: null, most: null };
  const mean = sorted.reduce((a, b) => a + b, 0) / sorted.length;
  return { ...counts, mean, most: sorted[Math.ceil(0.95 * sorted.length) - 1]! };
}
