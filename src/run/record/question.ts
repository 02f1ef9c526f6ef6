/** Whether scores of runs answer the same question: the same rows, measured in the same way. */
import type { Manifest } from './manifest.ts';

/** A split that is measured. */
export type MeasuredSplit = 'dev' | 'test';

/**
 * What decides which rows a split of a run has: its file, or what is held out of train, which is the same whatever the
 * seed (`run/data/loadData.ts`). Equal for the same rows; `null`: it has none.
 */
export function rowsOf({ data }: Pick<Manifest, 'data'>, split: MeasuredSplit): string | null {
  const own = data[split]?.sha256;
  if (own !== undefined) return own;
  return split === 'dev' ? `${data.train.sha256} held out` : null;
}

/** Why the scores of two runs on a split cannot be compared: what they answer differs in this; `null`: in nothing. */
export function differenceOf(a: Manifest, b: Manifest, split: MeasuredSplit): 'rows' | 'metric' | null {
  if (rowsOf(a, split) !== rowsOf(b, split)) return 'rows';
  return measureOf(a) === measureOf(b) ? null : 'metric';
}

/** Whether scores of two runs on a split may be compared. */
export function sameQuestion(a: Manifest, b: Manifest, split: MeasuredSplit): boolean {
  return differenceOf(a, b, split) === null;
}

function measureOf({ asked }: Manifest): string {
  return JSON.stringify([asked.metric, asked.metricRange]);
}
