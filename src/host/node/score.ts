/** What a metric says of one prediction. */
export interface Rating {
  readonly score: number;
  /** Left out where there are no words. */
  readonly feedback?: string;
}

/**
 * What a metric returned: a score alone, or `{ score, feedback }`. Parameters are those of `scoreOf`.
 *
 * @throws MetricValueError naming metric, value and row.
 */
export function ratingOf(value: unknown, range: readonly [number, number], metric: string, row: number): Rating {
  if (typeof value !== 'object' || value === null || !('score' in value)) {
    return { score: scoreOf(value, range, metric, row) };
  }
  const score = scoreOf(value.score, range, metric, row);
  const feedback = 'feedback' in value ? value.feedback : undefined;
  if (feedback === undefined || feedback === null || feedback === '') return { score };
  if (typeof feedback === 'string') return { score, feedback };
  throw new MetricValueError(
    `The metric ${metric} returned ${told(feedback)} as the feedback for row ${row + 1}. Feedback must be text.`,
  );
}

/**
 * What a metric returned, as a score: true is the top of the range, false its bottom.
 *
 * @param range smallest and largest value that the metric may return (`metricRange`).
 * @param row the example's place in its file, from 0; messages count from 1, as editors do.
 * @throws MetricValueError naming metric, value and row.
 */
export function scoreOf(value: unknown, range: readonly [number, number], metric: string, row: number): number {
  const [low, high] = range;
  if (typeof value === 'boolean') return value ? high : low;
  if (typeof value === 'number' && value >= low && value <= high) return value;
  const allowed = `true, false or a number from ${low} to ${high} ("metricRange"), or { score, feedback } with such a score`;
  throw new MetricValueError(
    `The metric ${metric} returned ${told(value)} for row ${row + 1}. It must return ${allowed}.`,
    typeof value === 'number' && Number.isFinite(value) ? value : undefined,
  );
}

/** A metric's value that is not a score: said in our words, so shown without a name of its own. */
export class MetricValueError extends Error {
  override readonly name = 'MetricValueError';

  /** A number outside of the range, where it was one. */
  readonly returned: number | undefined;

  constructor(message: string, returned?: number) {
    super(message);
    this.returned = returned;
  }
}

function told(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number' || value === null) return String(value);
  if (typeof value === 'string') return `the text ${JSON.stringify(value.slice(0, 40))}`;
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
