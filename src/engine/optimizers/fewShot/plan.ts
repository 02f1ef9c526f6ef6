import { bootstrapRuns } from '../../demos/plan.ts';
import type { Estimate, PlanContext, StepPlan } from '../../estimate.ts';
import { both } from '../../estimate.ts';
import { sum } from '../../sample.ts';
import { candidatePlans } from './candidates.ts';
import type { SizedSettings } from './settings.ts';

/** What a search takes: a bootstrap of most candidates, and V with each. */
export function planSearch(settings: SizedSettings, { prompts, sample }: PlanContext): StepPlan {
  const found = demosFound(settings);
  const { folds } = settings;
  // A row is answered without the demos of its own fold.
  const shown = folds === undefined ? found : { ...found, expected: found.expected * (1 - 1 / folds) };
  return {
    runs: [
      { runs: both(candidatePlans(settings).length * settings.validation), demos: shown },
      ...bootstrapRuns({ ...settings, sets: bootstrapsOf(settings) }, sample.correct, prompts.demos),
    ],
    prompts: { ...prompts, demos: found },
  };
}

/** Bootstrapped demos that each candidate is to have, at most. */
function bootstrapsOf(settings: SizedSettings): readonly number[] {
  return candidatePlans(settings).flatMap(({ source, size }) => (source === 'bootstrap' ? [size] : []));
}

/** Demos a predictor has after a search: those of the candidates, any of which may win. */
function demosFound(settings: SizedSettings): Estimate {
  const { maxBootstrappedDemos, maxLabeledDemos } = settings;
  const each = candidatePlans(settings).map(({ source, size }) =>
    source === 'zeroShot' ? 0 : Math.max(size, maxLabeledDemos),
  );
  return { expected: sum(each) / each.length, most: Math.max(maxBootstrappedDemos, maxLabeledDemos) };
}
