import { UsageError } from '../base/errors.ts';
import { suggestion } from './nearest.ts';
import type { ResolvedMetric } from './resolved.ts';

const builtins = ['exactMatch', 'lastNumber', 'f1'] as const;

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
  const builtin = builtins.find((known) => known === name);
  if (builtin !== undefined && field !== '') return { kind: 'builtin', name: builtin, field };
  if (builtin !== undefined) {
    throw new UsageError(`The metric "${spec}" of ${where} does not say which field it compares: "${builtin}:answer".`);
  }
  throw new UsageError(
    `The metric "${spec}" of ${where} is neither built in nor file#function.${suggestion(name, builtins)}`,
  );
}
