import { describe, expect, it } from 'vitest';
import type { LmRecord, TraceCall } from '../../../src/data/trace.ts';
import type { FittedSettings } from '../../../src/engine/optimizers/fineTune/settings.ts';
import type { PlannedStep } from '../../../src/engine/plan.ts';
import { both } from '../../../src/engine/estimate.ts';
import { makePlan, tokensOfPlan, tokensOfStep } from '../../../src/engine/plan.ts';
import type { Sample } from '../../../src/engine/sample.ts';
import { sampleOf } from '../../../src/engine/sample.ts';
import { settingsOf as anyOf } from './settingsOf.ts';

const record = (inputTokens: number, outputTokens: number): LmRecord => ({
  key: `${inputTokens}`,
  model: 'base',
  finishReason: 'stop',
  cached: false,
  seconds: 0.1,
  usage: { inputTokens, cachedInputTokens: 0, outputTokens },
});
const traced = (...lm: LmRecord[]): TraceCall => ({
  ...{ predictor: 'a', inputs: {}, outputs: {}, path: [], start: 0, seconds: 0 },
  lm,
});

const settingsOf = (strategy: string, prompts: FittedSettings['prompts'] = 'vanilla') =>
  anyOf(strategy, {
    p: { candidates: 2, maxBootstrappedDemos: 3, maxLabeledDemos: 4, train: 20 },
    w: {
      prompts,
      ...{ epochs: 1, learningRate: 1, schedule: 'constant', batchSize: 1 },
      lora: { rank: 1, alpha: 1, targets: 'all-linear' },
    },
  });
const sizes = { train: 40, dev: 10, test: 0 };
const prices = { call: (input: number, output: number) => input + 2 * output, training: () => 0 };
const plain: Sample = {
  runs: 5,
  paidCalls: 5,
  correct: 1,
  predictors: 1,
  calls: 1,
  inputTokens: 100,
  outputTokens: 10,
};

function steps(strategy: string, prompts?: FittedSettings['prompts'], sample = plain) {
  const all = makePlan(settingsOf(strategy, prompts), sizes, sample, prices).steps;
  return (prefix: string, work: PlannedStep['work']) =>
    all.find((step) => step.prefix === prefix && step.work === work)!;
}
/** Prompt tokens a call. */
const each = ({ inputTokens, calls }: PlannedStep, of: 'expected' | 'most') => inputTokens![of] / calls[of];

describe('a metric that asks an LM', () => {
  const run = { trace: [traced(record(100, 10))], untraced: [record(400, 2)], correct: true };
  const sample = sampleOf([run, run], 4, 1);

  it('is part of the sample, each kind of call by itself', () => {
    expect(sample).toMatchObject({ calls: 2, inputTokens: 250, outputTokens: 6 });
    expect(sample.metric).toEqual({ calls: 1, inputTokens: 400, outputTokens: 2 });
    expect(sampleOf([{ trace: run.trace, correct: true }], 1, 1)).not.toHaveProperty('metric');
  });

  it('counts in calls, tokens and dollars, and its prompts grow with no demo', () => {
    const of = steps('p', 'vanilla', sample);
    expect(of('', 'score')).toMatchObject({
      calls: { expected: 20 },
      inputTokens: { expected: 10 * 500 },
      outputTokens: { expected: 10 * 12 },
      usd: { expected: 10 * 500 + 2 * 10 * 12 },
    });
    expect(of('p', 'score').inputTokens!.most).toBe(10 * (100 + 4 * 110 + 400));
  });

  it('gives no training rows', () => {
    expect(steps('w', 'vanilla', sample)('w', 'step').job).toEqual({
      rows: { expected: 40, most: 40 },
      tokens: { expected: 40 * 110, most: 40 * 110 },
      usd: both(0),
    });
  });

  it('whose endpoint tells no tokens makes all tokens unknown', () => {
    const quiet = { ...run, untraced: [{ ...record(1, 1), usage: null }] };
    expect(sampleOf([quiet], 2, 1)).toMatchObject({ calls: 2, inputTokens: null });
  });
});

describe('tokens as a cap counts them', () => {
  it('are those of calls and those trained on, which stay apart from tokens in and out', () => {
    const plan = makePlan(settingsOf('w'), sizes, plain, prices);
    const step = plan.steps.find(({ prefix, work }) => prefix === 'w' && work === 'step')!;
    expect(step.inputTokens!.expected + step.outputTokens!.expected).toBe(40 * 110);
    expect(tokensOfStep(step)!.expected).toBe(40 * 110 + 40 * 110);
    // Both scores take ten rows.
    expect(tokensOfPlan(plan)!.expected).toBe(2 * 10 * 110 + 40 * 110 + 40 * 110);
    expect(plan.inputTokens!.expected).toBe(60 * 100);
  });

  it('are not known where those of a job are not', () => {
    const quiet = makePlan(settingsOf('w'), sizes, { ...plain, inputTokens: null }, prices);
    expect(tokensOfPlan(quiet)).toBeNull();
  });
});

describe('instructions that were found', () => {
  it('lengthen the rows that have them', () => {
    const longer = { expected: 50, most: 300 };
    const tokens = (kind: FittedSettings['prompts']) => {
      const [step] = settingsOf('w', kind).strategy;
      const found = { demos: null, instructions: true, longer };
      return step!.plan({ sizes, sample: plain, prices, prompts: found }).training!.tokens;
    };
    expect(tokens('vanilla')).toEqual({ expected: 40 * 110, most: 40 * 110 });
    for (const kind of ['auto', 'instructions', 'current'] as const) {
      expect(tokens(kind)).toEqual({ expected: 40 * 160, most: 40 * 410 });
    }
    expect(tokens('both')).toEqual({ expected: 40 * (110 + 160), most: 40 * (110 + 410) });
  });
});

describe('demos', () => {
  it('of a search lengthen what comes after it: collecting, and scores unless w goes back to the vanilla prompts', () => {
    const vanilla = steps('p -> w', 'vanilla');
    expect(each(vanilla('p -> w', 'step'), 'most')).toBe(100 + 4 * 110);
    expect(each(vanilla('p -> w', 'step'), 'expected')).toBe(each(vanilla('p', 'score'), 'expected'));
    expect(each(vanilla('p -> w', 'score'), 'most')).toBe(100);
    for (const prompts of ['current', 'both'] as const) {
      const kept = steps('p -> w', prompts);
      expect(each(kept('p -> w', 'score'), 'most')).toBe(100 + 4 * 110);
      expect(kept('p -> w', 'score').inputTokens!.expected).toBe(kept('p', 'score').inputTokens!.expected);
    }
    expect(each(steps('w')('w', 'step'), 'most')).toBe(100);
  });

  it('of the current prompts are trained on', () => {
    const tokens = (prompts: FittedSettings['prompts']) => steps('p -> w', prompts)('p -> w', 'step').job!.tokens!.most;
    expect(tokens('vanilla')).toBe(40 * 110);
    expect(tokens('current')).toBe(40 * 110 * 5);
    expect(tokens('both')).toBe(40 * 110 * 6);
  });

  it('are at most as many as a predictor may have', () => {
    const of = steps('p');
    expect(each(of('p', 'score'), 'most')).toBe(100 + 4 * 110);
    expect(each(of('p', 'step'), 'most')).toBe(100 + 4 * 110);
    expect(each(of('p', 'score'), 'expected')).toBeLessThan(100 + 4 * 110);
    expect(each(of('p', 'score'), 'expected')).toBeGreaterThan(100);
  });
});
