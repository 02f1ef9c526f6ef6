import type { ResolvedProgram } from '../config/resolved.ts';
import { promptSplit } from '../config/split.ts';
import type { OptimizeSettings } from '../engine/settings.ts';
import { parseStrategy } from '../engine/strategy.ts';

/** How the engine is to run this program, on a train set of `rows` rows. */
export function engineSettings(config: ResolvedProgram, rows: number): OptimizeSettings {
  const strategy = parseStrategy(config.strategy);
  const { epochs, learningRate, schedule, batchSize, lora, ...w } = config.w;
  const split = strategy.includes('p') ? promptSplit(config.p, rows) : { train: 0, validation: 0 };
  return {
    strategy,
    seed: config.seed,
    threshold: config.threshold,
    metricRange: config.metricRange,
    model: config.model,
    p: { ...config.p, ...split },
    w: {
      ...w,
      hyperParameters: { epochs, learningRate, schedule, batchSize, lora },
      checkpoints: checkpointsTried(config.endpoint),
    },
  };
}

/** Hosted services keep the last epochs' weights: of those two are tried besides the last. */
function checkpointsTried(endpoint: ResolvedProgram['endpoint']): number {
  if (endpoint.kind === 'embedded' || endpoint.fineTune.kind !== 'openai') return 0;
  return endpoint.loraServing === 'none' ? (endpoint.fineTune.checkpoints ?? 2) : 0;
}

/**
 * Program runs under way: a few more than requests, so that a slot of the endpoint is never empty. One request at a
 * time means one run at a time: who asks for that has a program that keeps what it works on in itself.
 */
export function runConcurrency({ endpoint: { concurrency } }: ResolvedProgram): number {
  return concurrency === 1 ? 1 : concurrency + Math.ceil(concurrency / 4);
}
