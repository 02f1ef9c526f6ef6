import { UsageError } from '../base/errors.ts';
import { builtInMetricNames, isBuiltInMetric } from '../data/builtInMetrics.ts';
import type { BuiltInMetricName } from '../data/builtInMetrics.ts';
import * as metrics from './metrics.ts';
import type { BuiltInMetric } from './metrics.ts';

const makers: Readonly<Record<BuiltInMetricName, (field: string) => BuiltInMetric>> = metrics;

/**
 * The metric that `bettertogether.json` names, such as `exactMatch:answer`.
 *
 * @returns `undefined` for `file#function`, which is the user's own.
 * @throws UsageError for anything else, saying what would be right.
 */
export function builtInMetric(spec: string): BuiltInMetric | undefined {
  if (spec.includes('#')) return undefined;
  const [name = '', field = '', ...rest] = spec.split(':').map((part) => part.trim());
  if (!isBuiltInMetric(name)) {
    const names = builtInMetricNames.map((known) => `${known}:<field>`).join(', ');
    throw new UsageError(`Unknown metric '${spec}'. Use ${names}, or file#function for your own.`);
  }
  if (field === '' || rest.length > 0) {
    throw new UsageError(`The metric '${spec}' must name one field, as in ${name}:answer.`);
  }
  return makers[name](field);
}
