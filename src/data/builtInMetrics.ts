/**
 * The metrics that `bettertogether.json` can name with a field, as in `exactMatch:answer`. What they compute is in
 * `program/metrics.ts` and, for Python, in `python/host/bettertogether_host/metrics.py`.
 */
export const builtInMetricNames = ['exactMatch', 'lastNumber', 'f1'] as const;
export type BuiltInMetricName = (typeof builtInMetricNames)[number];

export function isBuiltInMetric(name: string): name is BuiltInMetricName {
  return builtInMetricNames.some((each) => each === name);
}

/** What a metric may be, for help and descriptions: `exactMatch:field, lastNumber:field, f1:field, or file#function`. */
export const metricSpellings = `${builtInMetricNames.map((name) => `${name}:field`).join(', ')}, or file#function`;
