/**
 * The metrics that `bettertogether.json` can name with a field, as in `exactMatch:answer`. What they compute is in
 * `program/metrics.ts` and, for Python, in `python/host/bettertogether_host/metrics.py`.
 */
interface BuiltInMetricRow {
  /** When an answer counts as right, in words that follow the name of the metric. */
  readonly help: (field: string) => string;
}

const rows = {
  exactMatch: { help: (field) => `"${field}" is the same but for case and spaces` },
  lastNumber: { help: (field) => `the last number in "${field}" is the same` },
  f1: { help: (field) => `words of "${field}" in common` },
} as const satisfies Record<string, BuiltInMetricRow>;

export type BuiltInMetricName = keyof typeof rows;

export const builtInMetricNames = Object.keys(rows) as readonly BuiltInMetricName[];

export const builtInMetrics: Readonly<Record<BuiltInMetricName, BuiltInMetricRow>> = rows;

export function isBuiltInMetric(name: string): name is BuiltInMetricName {
  return Object.hasOwn(rows, name);
}

/** What a metric may be, for help and descriptions: `exactMatch:field, lastNumber:field, f1:field, or file#function`. */
export const metricSpellings = `${builtInMetricNames.map((name) => `${name}:field`).join(', ')}, or file#function`;
