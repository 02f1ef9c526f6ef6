/** What the calls of each predictor took, out of the traces. Read when it is asked for. */
import { setImmediate } from 'node:timers/promises';
import * as z from 'zod';
import { listedTraceBytesAtMost } from '../base/limits.ts';
import { lmRecordSchema } from '../data/lm.ts';
import { readTrace } from '../run/record/traceStore.ts';
import type { Answer } from '../viewProtocol.ts';

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
/** Between two looks of the process at what else there is to do. */
const runsAtOnce = 200;

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

/**
 * @param folder of the trace store.
 * @param total records in it.
 */
export async function traceCosts(folder: string, total: number): Promise<Answer<'costs'>> {
  const every = Math.max(1, Math.ceil(total / runsAtMost));
  const sums = new Map<string, Sum>();
  let runs = 0;
  for (let place = 0; place < total; place += every) {
    if (runs % runsAtOnce === runsAtOnce - 1) await setImmediate();
    const record = readRecord(folder, place);
    if (record === null) continue;
    runs++;
    const { step, outcome } = record;
    for (const { predictor, lm } of outcome.trace)
      for (const request of lm) count(sumOf(sums, step, predictor), request);
  }
  return { runs, of: total, predictors: [...sums.values()].map(costOf) };
}

/** `null`: it is long, or cannot be read; whoever opens the trace is told why. */
function readRecord(folder: string, place: number): z.infer<typeof recordSchema> | null {
  try {
    return recordSchema.safeParse(readTrace(folder, place, listedTraceBytesAtMost)).data ?? null;
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

function count(sum: Sum, { cached, seconds, usage }: Request): void {
  if (cached) {
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
