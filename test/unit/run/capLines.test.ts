import { describe, expect, it } from 'vitest';
import type { BudgetCaps } from '../../../src/config/resolved.ts';
import { both } from '../../../src/engine/estimate.ts';
import type { Plan, PlannedStep } from '../../../src/engine/plan.ts';
import { capLines, priceLines } from '../../../src/run/text/price.ts';
import { sampleConfig } from '../../fakes/sampleConfig.ts';
import { runPlan } from './samples.ts';

const none: BudgetCaps = { calls: null, tokens: null, usd: null };
const amounts = { calls: both(10), inputTokens: both(900), outputTokens: both(100), usd: both(1) };
const step = (prefix: string, work: PlannedStep['work']): PlannedStep => ({
  ...{ prefix, work, kind: work === 'score' ? 'score' : 'w', title: '' },
  ...amounts,
});

/** 1000 tokens a part, and a step that trains on so many in so many jobs, for $2. */
function planOf(trained: number, jobs = 1): Plan {
  const tuning = {
    ...step('w', 'step'),
    usd: both(3),
    job: { jobs, rows: both(5), tokens: both(trained), usd: both(2) },
  };
  return {
    sample: runPlan().plan.sample,
    steps: [step('', 'score'), tuning, step('w', 'score')],
    ...{ calls: both(30), inputTokens: both(2700), outputTokens: both(300), usd: both(5), jobs },
  };
}
const held = 'A training job is sent only if a token for every byte of its rows fits, though it takes fewer.';
const told = (plan: Plan, cap: Partial<BudgetCaps>) => capLines({ plan }, { ...none, ...cap }, () => '');

describe('a cap of tokens and a job', () => {
  it('counts what is trained on: the price says so, and where the run would stop', () => {
    const plan = planOf(4000);
    expect(priceLines({ plan }, sampleConfig, none)[0]).toContain('7,000 tokens (7,000)');
    expect(told(plan, { tokens: 5000 })).toEqual([
      `The cap is 5000 tokens: the run would stop in w. Raise it to 22000. ${held}`,
    ]);
  });

  it('has to hold a job at its worst before it is sent, so more than is spent is enough', () => {
    const plan = planOf(4000);
    // 2000 before it, and five bytes for each of its tokens.
    expect(told(plan, { tokens: 21_999 })).toEqual([
      `The cap is 21999 tokens: the run would stop in w. Raise it to 22000. ${held}`,
    ]);
    expect(told(plan, { tokens: 22_000 })).toEqual([]);
    expect(told(plan, { usd: 11 })).toEqual([`The cap is $11: the run would stop in w. Raise it to 12.00. ${held}`]);
    expect(told(plan, { usd: 12, calls: 30 })).toEqual([]);
  });

  it('holds one job at a time', () => {
    expect(told(planOf(4000, 4), { tokens: 10_000 })).toEqual([]);
    expect(told(planOf(4000, 4), { tokens: 9999 })).toHaveLength(1);
  });
});
