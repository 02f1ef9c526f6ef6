/** Numbers that others report, as far as they can be true; what cannot be counts as not reported. */
import * as z from 'zod';
import { callTokensAtMost, countAtMost, trainingTokensAtMost } from './limits.ts';

/** Tokens of one call. */
export const callTokensSchema = z.int().nonnegative().max(callTokensAtMost);

/** Tokens that one training job is billed for. */
export const trainedTokensSchema = z.int().nonnegative().max(trainingTokensAtMost);

/** Steps, rows and whatever else is counted one by one. */
export const countSchema = z.int().nonnegative().max(countAtMost);

/** Epochs, seconds, dollars: any amount that is not less than nothing. */
export const amountSchema = z.number().nonnegative().max(Number.MAX_SAFE_INTEGER);

/** What is measured and may be less than nothing. */
export const measureSchema = z.number().min(-1e9).max(1e9);

/** The loss of a language model: a mean of negative logarithms of probabilities; of rewarded answers, below 0 too. */
export const lossSchema = measureSchema;

const metricNameSchema = z.string().regex(/^\w[\w./ -]{0,39}$/);
const metricsAtMost = 20;

/** What a training job measures beside its loss, by name. */
export const metricsSchema = z
  .record(metricNameSchema, measureSchema)
  .refine((metrics) => Object.keys(metrics).length <= metricsAtMost, { error: `more than ${metricsAtMost} metrics` });

/** The metrics among what is reported: numbers under a plain name, the first few. */
export function metricsAmong(reported: unknown): Readonly<Record<string, number>> {
  const record = z.record(z.string(), z.unknown()).safeParse(reported).data ?? {};
  const known = Object.entries(record).flatMap(([name, value]) => {
    const metric = z.tuple([metricNameSchema, measureSchema]).safeParse([name, value]);
    return metric.success ? [metric.data] : [];
  });
  return Object.fromEntries(known.slice(0, metricsAtMost));
}
