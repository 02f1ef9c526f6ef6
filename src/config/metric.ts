import { UsageError } from '../base/errors.ts';
import { builtInMetricNames, isBuiltInMetric } from '../data/builtInMetrics.ts';
import { suggestion } from './nearest.ts';
import type { ResolvedMetric } from './resolved.ts';

/**
 * `exactMatch:answer` or `file#function`.
 *
 * @throws UsageError naming the built-in metrics.
 */
export function resolveMetric(spec: string, absolute: (path: string) => string, where: string): ResolvedMetric {
  const hash = spec.lastIndexOf('#');
  if (hash > 0 && hash < spec.length - 1) {
    return { kind: 'code', file: absolute(spec.slice(0, hash)), name: spec.slice(hash + 1) };
  }
  const [name = '', field = ''] = spec.split(/:(.*)/s).map((part) => part.trim());
  if (isBuiltInMetric(name)) {
    if (field !== '') return { kind: 'builtin', name, field };
    throw new UsageError(`The metric "${spec}" of ${where} does not say which field it compares: "${name}:answer".`);
  }
  throw new UsageError(
    `The metric "${spec}" of ${where} is neither built in nor file#function.${suggestion(name, builtInMetricNames)}`,
  );
}
