import { describe, expect, it } from 'vitest';
import { askFor } from '../../../src/engine/ask.ts';
import type { Question } from '../../../src/engine/ask.ts';
import { Cancelled } from '../../../src/engine/errors.ts';
import { both } from '../../../src/engine/estimate.ts';
import type { PlannedCalls } from '../../../src/engine/estimate.ts';
import type { LanguageModel } from '../../../src/engine/interfaces.ts';
import { makePlan } from '../../../src/engine/plan.ts';
import type { Step } from '../../../src/engine/optimizer.ts';
import { FailureTally } from '../../../src/engine/scope.ts';
import { UsageMeter } from '../../../src/engine/usage.ts';
import { planPrices } from '../../../src/run/services/prices.ts';
import { sampleConfig } from '../../fakes/sampleConfig.ts';
import { FakeLm } from './fakes.ts';
import { settingsOf } from './settingsOf.ts';

const question = (content: string): Question => ({ prompt: { kind: 'chat', messages: [{ role: 'user', content }] } });
const meterOf = () => new UsageMeter({ ofAnswer: () => 2, ofTraining: () => 0 });

function asking(lm: LanguageModel, seed = 0, signal = new AbortController().signal) {
  const meter = meterOf();
  return { meter, ask: askFor({ lm, model: 'base', seed }, { meter, failures: new FailureTally([0, 1]), signal }) };
}

describe('an LM that a step asks', () => {
  it('gives the same question asked again another sample, and the same ones to a replay', async () => {
    const memo = new Map<string, string>();
    let given = 0;
    const lm = new FakeLm(() => `sample ${given++}`, memo);
    const texts = async (seed: number) => {
      const { ask, meter } = asking(lm, seed);
      const answers = [await ask(question('a')), await ask(question('a')), await ask(question('b'))];
      return { texts: answers.map(({ text }) => text), ...meter.snapshot() };
    };
    const first = await texts(0);
    expect(first).toMatchObject({ texts: ['sample 0', 'sample 1', 'sample 2'], calls: 3, cached: 0, usd: 6 });
    expect(await texts(0)).toMatchObject({ texts: first.texts, calls: 0, cached: 3, usd: 0 });
    expect((await texts(1)).texts).toEqual(['sample 3', 'sample 4', 'sample 5']);
  });

  it('is the base model, or one at another endpoint', async () => {
    const lm = new FakeLm(() => 'yes');
    const { ask } = asking(lm);
    await ask({ ...question('a'), sampling: { temperature: 1 } });
    await ask({ ...question('a'), of: { model: 'large', endpoint: 'far' } });
    expect(lm.asked.map(({ call }) => call)).toMatchObject([
      { model: 'base', sampling: { temperature: 1 } },
      { model: 'large', endpoint: 'far' },
    ]);
  });

  it('ends with the reason for which the run ends', async () => {
    const abort = new AbortController();
    const failing: LanguageModel = {
      complete: () => {
        abort.abort(new Cancelled('enough'));
        return Promise.reject(new Error('aborted'));
      },
    };
    await expect(asking(failing, 0, abort.signal).ask(question('a'))).rejects.toThrow('enough');
  });
});

describe('calls that a step plans', () => {
  const planOf = (calls: readonly PlannedCalls[]) => {
    const step: Step = {
      ...{ name: 'g', kind: 'g', title: 'reflection', changes: 'prompts', trains: 'supervised' },
      run: () => Promise.resolve({ skipped: 'never run' }),
      plan: ({ prompts }) => ({ runs: [], calls, prompts }),
    };
    const services = [
      ...(sampleConfig.services ?? []),
      {
        ...{ name: 'far', baseURL: 'https://far/v1', apiKeyEnv: null, revision: null, concurrency: 1 },
        prices: { large: { input: 10, output: 100 } },
      },
    ];
    const prices = planPrices({ ...sampleConfig, services });
    const sample = {
      ...{ runs: 5, paidCalls: 5, correct: 1, predictors: 1 },
      ...{ calls: 1, inputTokens: 100, outputTokens: 10 },
    };
    const plan = makePlan({ ...settingsOf(''), strategy: [step] }, { train: 4, dev: 2, test: 0 }, sample, prices);
    return plan.steps.find(({ prefix, work }) => prefix === 'g' && work === 'step')!;
  };

  it('are counted, in tokens and in dollars of the endpoint that is asked', () => {
    const of = { model: 'large', endpoint: 'far' };
    const calls = {
      calls: { expected: 10, most: 20 },
      inputTokens: both(1000),
      outputTokens: { expected: 100, most: 200 },
    };
    expect(planOf([{ ...calls, of }])).toMatchObject({
      calls: { expected: 10, most: 20 },
      inputTokens: { expected: 10_000, most: 20_000 },
      outputTokens: { expected: 1000, most: 4000 },
      usd: { expected: 0.2, most: 0.6 },
    });
  });

  it('have no price in dollars where the model that is asked has none', () => {
    const calls = { calls: both(1), inputTokens: both(10), outputTokens: both(10) };
    expect(planOf([{ ...calls, of: { model: 'other', endpoint: 'far' } }])).toMatchObject({
      calls: both(1),
      usd: null,
    });
  });
});
