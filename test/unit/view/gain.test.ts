import { describe, expect, it } from 'vitest';
import { gainText, runVerdict, verdictOf } from '../../../src/view/gain.ts';
import { waitingStep } from '../../../src/view/runView.ts';
import type { EvaluationView, StepView } from '../../../src/view/runView.ts';

const usage = { calls: 0, cached: 0, inputTokens: 0, outputTokens: 0, usd: 0 };

/** An evaluation that is `points` from the baseline, give or take `half`. */
function evaluation(score: number, points: number, half: number): EvaluationView {
  const gain = { points, low: points - half, high: points + half, n: 40, differing: half === 0 ? 0 : 12 };
  return { score: { score, low: score - 5, high: score + 5, n: 40, failed: 0 }, gain, usage, seconds: 1 };
}

const step = (prefix: string, evaluations: StepView['evaluations']): StepView => ({
  ...waitingStep(prefix, null),
  evaluations,
});
/** As a baseline has it, and every step of a log of before. */
const unpaired: EvaluationView = { score: evaluation(50, 0, 0).score, usage, seconds: 1 };
const baseline = step('', { dev: unpaired, test: unpaired });

describe('a gain', () => {
  it('is clear only where its whole interval is on one side of 0', () => {
    expect(verdictOf({ low: 0.1, high: 9 })).toBe('better');
    expect(verdictOf({ low: -9, high: -0.1 })).toBe('worse');
    expect(verdictOf({ low: 0, high: 9 })).toBe('unclear');
    expect(verdictOf({ low: -9, high: 0 })).toBe('unclear');
    expect(gainText({ points: 20, low: -0.9, high: 40.9, n: 12, differing: 5 })).toBe(
      '+20.0 (−0.9 to +40.9, may be chance)',
    );
    expect(gainText({ points: 0, low: -16.3, high: 16.3, n: 12, differing: 0 })).toBe('±0.0 (the same on every row)');
    expect(gainText({ points: 20, low: 10, high: 30, n: 12, differing: 5 })).toBe('+20.0 (+10.0 to +30.0)');
  });
});

describe('whether a run gained anything', () => {
  it('is judged by test rows where there are any', () => {
    const p = step('p', { dev: evaluation(70, 20, 5), test: evaluation(53, 3, 6) });
    expect(runVerdict({ steps: [baseline, p], started: null }, 'p')).toMatchObject({
      verdict: 'unclear',
      text: 'p scores +3.0 points against the baseline on 40 test rows (95 % interval −3.0 to +9.0), which may be chance.',
    });
  });

  it('is judged by dev rows else, and says when those chose among several', () => {
    const p = step('p', { dev: evaluation(70, 20, 5) });
    const worse = step('p -> w', { dev: evaluation(40, -10, 5) });
    expect(runVerdict({ steps: [baseline, p], started: null }, 'p')?.text).toBe(
      'p is really better than the baseline on 40 dev rows, by 20.0 points (95 % interval +15.0 to +25.0).',
    );
    expect(runVerdict({ steps: [baseline, p, worse], started: null }, 'p')?.text).toContain(
      'It was chosen on these rows',
    );
    expect(runVerdict({ steps: [baseline, worse], started: null }, 'p -> w')).toMatchObject({ verdict: 'worse' });
  });

  it('is said in other words where no row differs', () => {
    const p = step('p', { dev: evaluation(50, 0, 0) });
    expect(runVerdict({ steps: [baseline, p], started: null }, 'p')?.text).toBe(
      'p scores the same as the baseline on 40 dev rows, on every one.',
    );
  });

  it('is not said of the baseline, nor of what is not scored, nor of logs that do not tell', () => {
    expect(runVerdict({ steps: [baseline], started: null }, '')).toBeNull();
    expect(runVerdict({ steps: [baseline], started: null }, null)).toBeNull();
    expect(runVerdict({ steps: [baseline, step('p', {})], started: null }, 'p')).toBeNull();
    expect(runVerdict({ steps: [baseline, step('p', { dev: unpaired })], started: null }, 'p')).toBeNull();
  });
});
