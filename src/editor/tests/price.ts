import type { Estimate } from '../../engine/estimate.ts';
import type { RunPlan } from '../../run/work/request.ts';

/** A plan of scoring the program as it is written, with what so many of its rows take: it counts all that are scored. */
export function scaledPlan({ plan, seconds }: RunPlan, rows: number): Pick<RunPlan, 'plan' | 'seconds'> {
  const { sample } = plan;
  const all = plan.calls.expected / Math.max(Number.EPSILON, sample.calls);
  const share = all === 0 ? 0 : rows / all;
  const scaled = (whole: Estimate): Estimate => ({ expected: whole.expected * share, most: whole.most * share });
  const part = (whole: Estimate | null): Estimate | null => (whole === null ? null : scaled(whole));
  const { calls, inputTokens, outputTokens, usd } = plan;
  return {
    plan: {
      ...plan,
      calls: scaled(calls),
      inputTokens: part(inputTokens),
      outputTokens: part(outputTokens),
      usd: part(usd),
    },
    seconds: part(seconds),
  };
}
