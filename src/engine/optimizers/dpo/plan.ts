import type { Estimate, PlanContext, PlannedJob, StepPlan } from '../../estimate.ts';
import { both, noDemos, pricedJob } from '../../estimate.ts';
import { programCalls } from '../../sample.ts';
import type { FittedSettings } from './settings.ts';

/** The program runs on each example so and so often; what comes of it is tried on dev beside what was before. */
export function planPreferences(settings: FittedSettings, context: PlanContext): StepPlan {
  const { rollouts, checkpoints } = settings;
  const { prompts, sizes } = context;
  const demos = prompts.demos ?? noDemos;
  // The first run of an example, and the state before on dev, are known where a step before made them.
  const tried: Estimate = { expected: 2 * sizes.dev, most: (2 + checkpoints) * sizes.dev };
  return {
    runs: [
      { runs: both(sizes.train * rollouts), demos },
      { runs: tried, demos },
    ],
    prompts,
    training: jobOf(settings, context),
  };
}

/** A prompt gives pairs where some of its runs are correct and some are wrong. */
function jobOf(
  { rollouts, pairsPerPrompt, epochs }: FittedSettings,
  { sample, sizes, prompts, prices }: PlanContext,
): PlannedJob {
  const { calls, inputTokens, outputTokens } = programCalls(sample);
  const { demos, longer = both(0) } = prompts;
  const mixed = 1 - sample.correct ** rollouts - (1 - sample.correct) ** rollouts;
  const pairs = sizes.train * calls * pairsPerPrompt;
  // A later predictor may be asked another thing in each run; of one prompt at least two answers make a pair.
  const rows = { expected: Math.round(pairs * mixed), most: Math.ceil(pairs * Math.floor(rollouts / 2)) };
  if (inputTokens === null || outputTokens === null) return { rows, tokens: null, usd: null };
  const answered = (key: keyof Estimate) => (inputTokens + outputTokens) * (1 + (demos ?? noDemos)[key]) + longer[key];
  return pricedJob(rows, (key) => 2 * answered(key) * epochs, prices);
}
