import type { PlanContext, StepPlan } from '../../estimate.ts';
import { both, noDemos } from '../../estimate.ts';
import type { DspySettings } from './settings.ts';

/** What a question is taken to be, in tokens, where the program asks none itself. */
const questionTokens = { inputTokens: both(2000), outputTokens: both(1000) };

/** Its limit, in calls of the sample's size: what it takes of that, only its code knows. */
export function plan({ calls }: Pick<DspySettings, 'calls'>, { sample, prompts }: PlanContext): StepPlan {
  const after = { ...prompts, instructions: true };
  if (sample.calls === 0) return { runs: [], calls: [{ calls: both(calls), ...questionTokens }], prompts: after };
  return { runs: [{ runs: both(calls / sample.calls), demos: prompts.demos ?? noDemos }], prompts: after };
}
