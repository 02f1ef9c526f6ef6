import type { Estimate, PlanContext, PlannedJob, StepPlan } from '../../estimate.ts';
import { both, noDemos, pricedJob } from '../../estimate.ts';
import { programCalls } from '../../sample.ts';
import type { GrpoSettings } from './settings.ts';

/** The loop, counted: rollouts, a job an update, and the weights that are scored on dev. */
export function planUpdates(settings: GrpoSettings, context: PlanContext): StepPlan {
  const { updates, examplesPerUpdate, rollouts, evaluateEvery } = settings;
  const { prompts, sizes } = context;
  const demos = prompts.demos ?? noDemos;
  const evaluations = Math.ceil(updates / evaluateEvery);
  return {
    runs: [
      { runs: both(updates * examplesPerUpdate * rollouts), demos },
      // The start was scored on dev by the step before it, or by the run.
      { runs: { expected: evaluations * sizes.dev, most: (evaluations + 1) * sizes.dev }, demos },
    ],
    prompts,
    training: jobsOf(settings, context),
  };
}

function jobsOf(
  { updates, examplesPerUpdate, rollouts }: GrpoSettings,
  { sample, prompts, prices }: PlanContext,
): PlannedJob {
  const { calls, inputTokens, outputTokens } = programCalls(sample);
  const most = updates * examplesPerUpdate * rollouts * calls;
  const rows = { expected: Math.round(most * shareOfDifferent(sample.correct, rollouts)), most: Math.ceil(most) };
  if (inputTokens === null || outputTokens === null) return { jobs: updates, rows, tokens: null, usd: null };
  const { demos, longer = both(0) } = prompts;
  const row = (key: keyof Estimate) => (inputTokens + outputTokens) * (1 + (demos ?? noDemos)[key]) + longer[key];
  return { jobs: updates, ...pricedJob(rows, row, prices) };
}

/** Rollouts that are all right or all wrong teach nothing. No program is taken to be always either: samples are small. */
function shareOfDifferent(correct: number, rollouts: number): number {
  const right = Math.min(0.95, Math.max(0.05, correct));
  return 1 - right ** rollouts - (1 - right) ** rollouts;
}
