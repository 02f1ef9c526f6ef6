import type { ResolvedProgram } from '../../config/resolved.ts';
import { checkpointsServed } from '../../config/trainer.ts';
import { UsageError } from '../../base/errors.ts';
import type { Step } from '../../engine/optimizer.ts';
import { optimizers } from '../../engine/optimizers/all.ts';
import type { OptimizeSettings } from '../../engine/settings.ts';

/**
 * How the engine is to run this program, on a train set of `rows` rows.
 *
 * @throws UsageError where a step cannot be taken: it has not the rows, or is of a kind that this version does not have.
 */
export function engineSettings(config: ResolvedProgram, rows: number): OptimizeSettings {
  const { seed, threshold, metricRange, model } = config;
  return {
    strategy: config.strategy.map((name) => stepNamed(name, config, rows)),
    seed,
    threshold,
    metricRange,
    model,
  };
}

function stepNamed(name: string, { steps, endpoint }: ResolvedProgram, rows: number): Step {
  const step = Object.hasOwn(steps, name) ? steps[name] : undefined;
  if (step === undefined) throw new UsageError(`The strategy names a step "${name}", but no step has that name.`);
  const facts = { rows, modelsPerJob: 1 + checkpointsServed(endpoint) };
  return optimizers.get(step.kind).step(name, step.settings, facts);
}

/**
 * Program runs under way: a few more than requests, so that a slot of the endpoint is never empty. One request at a
 * time means one run at a time: a program that needs that keeps what it works on in itself.
 */
export function runConcurrency({ endpoint: { concurrency } }: ResolvedProgram): number {
  return concurrency === 1 ? 1 : concurrency + Math.ceil(concurrency / 4);
}
