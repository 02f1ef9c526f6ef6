/** What a plan needs of a cap. Pure. */
import type { BudgetCaps } from '../../config/resolved.ts';
import type { Estimate } from '../../engine/estimate.ts';
import { tokensOfPlan, tokensOfStep } from '../../engine/plan.ts';
import type { Plan, PlannedStep } from '../../engine/plan.ts';

export type Cap = keyof BudgetCaps;

/**
 * A job is sent only when a token for every byte of its rows fits under the cap, since its tokenizer may be any
 * (`engine/training.ts`). A token of prompts and answers is about so many bytes of them, as JSON.
 */
const bytesOfToken = 5;

/** `most` is enough for every step to begin, `expected` what will be spent; `null`: not known. */
export function needOf(plan: Plan, key: Cap): Estimate | null {
  const all = amountOfPlan(plan, key);
  if (all === null) return null;
  return { expected: all.expected, most: Math.max(...jobsHeld(plan, key, all.most)) };
}

/** What is spent and held at most when the last job of each step is sent; first, what is spent in the end. */
function jobsHeld({ steps }: Plan, key: Cap, all: number): number[] {
  const held = [all];
  let spent = all;
  for (const step of steps.toReversed()) {
    held.push(spent + heldBeyond(step, key));
    spent -= amountOf(step, key)?.most ?? 0;
  }
  return held;
}

/** The first step in which more is spent, or may be held for a job, than the cap allows. */
export function stopsIn(plan: Plan, key: Cap, cap: number, which: keyof Estimate): PlannedStep {
  let spent = 0;
  const step = plan.steps.find((each) => {
    spent += amountOf(each, key)?.[which] ?? 0;
    return spent + (which === 'most' ? heldBeyond(each, key) : 0) > cap;
  });
  return step ?? plan.steps.at(-1)!;
}

/** Of the last job of a step, beyond what it is charged in the end. */
function heldBeyond({ job }: PlannedStep, key: Cap): number {
  if (job === undefined || key === 'calls') return 0;
  return ((bytesOfToken - 1) * (job[key]?.most ?? 0)) / (job.jobs ?? 1);
}

function amountOf(step: PlannedStep, key: Cap): Estimate | null {
  return key === 'tokens' ? tokensOfStep(step) : step[key];
}

function amountOfPlan(plan: Plan, key: Cap): Estimate | null {
  return key === 'tokens' ? tokensOfPlan(plan) : plan[key];
}
