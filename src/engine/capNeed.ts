/** What a plan needs of a cap. */
import type { Caps } from './budget.ts';
import type { Estimate } from './estimate.ts';
import { tokensOfPlan, tokensOfStep } from './plan.ts';
import type { Plan, PlannedStep } from './plan.ts';

export type Cap = keyof Caps;

/**
 * A job is sent only when a token for every byte of its rows fits under the cap, since its tokenizer may be any
 * (`training.ts`). A token of English prompts and answers is about so many bytes of them, as JSON; of others it may be more.
 */
const bytesOfToken = 5;

/** What has to fit under a cap for every step to begin, which is more than will be spent where jobs are; `null`: not known. */
export function needOf(plan: Plan, key: Cap): Estimate | null {
  const all = spentOn(plan, key);
  if (all === null) return null;
  const need = (which: keyof Estimate) => Math.max(...jobsHeld(plan, key, all, which));
  return { expected: need('expected'), most: need('most') };
}

/** What is spent in all; `null`: not known. */
export function spentOn(plan: Plan, key: Cap): Estimate | null {
  return key === 'tokens' ? tokensOfPlan(plan) : plan[key];
}

/** What is spent and held when the last job of each step is sent; first, what is spent in the end. */
function jobsHeld({ steps }: Plan, key: Cap, all: Estimate, which: keyof Estimate): number[] {
  const held = [all[which]];
  let spent = all[which];
  for (const step of steps.toReversed()) {
    held.push(spent + heldBeyond(step, key, which));
    spent -= amountOf(step, key)?.[which] ?? 0;
  }
  return held;
}

/** The first step in which more is spent, or may be held for a job, than the cap allows. */
export function stopsIn(plan: Plan, key: Cap, cap: number, which: keyof Estimate): PlannedStep {
  let spent = 0;
  const step = plan.steps.find((each) => {
    spent += amountOf(each, key)?.[which] ?? 0;
    return spent + heldBeyond(each, key, which) > cap;
  });
  return step ?? plan.steps.at(-1)!;
}

/** Of the last job of a step, beyond what it is charged in the end. */
function heldBeyond({ job }: PlannedStep, key: Cap, which: keyof Estimate): number {
  if (job === undefined || key === 'calls') return 0;
  return ((bytesOfToken - 1) * (job[key]?.[which] ?? 0)) / (job.jobs ?? 1);
}

function amountOf(step: PlannedStep, key: Cap): Estimate | null {
  return key === 'tokens' ? tokensOfStep(step) : step[key];
}
