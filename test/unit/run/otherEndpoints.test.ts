import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askConsent } from '../../../src/cli/base/consent.ts';
import type { Terminal } from '../../../src/cli/base/terminal.ts';
import type { ResolvedService } from '../../../src/config/resolved.ts';
import type { LmAnswer, LmCall } from '../../../src/data/lm.ts';
import type { LmRecord } from '../../../src/data/trace.ts';
import { Budget } from '../../../src/engine/budget.ts';
import type { Caps } from '../../../src/engine/budget.ts';
import { BudgetExhausted, CallRejected } from '../../../src/engine/errors.ts';
import type { LanguageModel } from '../../../src/engine/interfaces.ts';
import { openMemo } from '../../../src/lm/memo.ts';
import type { Memo } from '../../../src/lm/memo.ts';
import { consequencesOf, hostsOf } from '../../../src/run/work/consequences.ts';
import { OtherEndpoints, serviceIdentities } from '../../../src/run/services/otherEndpoints.ts';
import { planPrices, runPrices, tokenPricesOf } from '../../../src/run/services/prices.ts';
import { destinationText } from '../../../src/editor/settings/planText.ts';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import type { FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { sampleConfig as config } from '../../fakes/sampleConfig.ts';

const first = { round: 0, repeat: 0 };
const { signal } = new AbortController();
const noCap: Caps = { calls: null, tokens: null, usd: null };
const key = 'BT_TEST_JUDGE_KEY';

const ask = (question: string, more: Partial<LmCall> = {}): LmCall => ({
  ...{ model: 'judge', authors: true, endpoint: 'far', stop: [] },
  prompt: { kind: 'chat', messages: [{ role: 'user', content: question }] },
  ...more,
});
const main: LanguageModel = {
  complete: (call) =>
    Promise.resolve({
      ...{ text: `main says ${call.model}`, finishReason: 'stop', usage: null, key: 'm', model: call.model },
      ...{ cached: false, seconds: 0 },
    }),
};

const silent = {
  err: () => undefined,
  confirm: () => Promise.resolve(false),
} as unknown as Terminal;

let folder = '';
let memo: Memo;
let far: FakeEndpoint;
let closing: (() => Promise<void>)[];
let answers: LmAnswer[];
let budget: Budget;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bt-others-'));
  memo = await openMemo(folder);
  far = await startFakeEndpoint({ models: ['judge'], apiKey: 'sk-judge', answer: () => 'good' });
  closing = [() => far.close()];
  answers = [];
  process.env[key] = 'sk-judge';
});
afterEach(async () => {
  delete process.env['BT_TEST_JUDGE_KEY'];
  for (const close of closing.reverse()) await close();
  await memo.close();
  rmSync(folder, { recursive: true });
});

const service = (more: Partial<ResolvedService> = {}): ResolvedService => ({
  ...{ name: 'far', baseURL: far.baseURL, apiKeyEnv: key, revision: null, concurrency: 2, prices: null },
  ...more,
});

function others(services: readonly ResolvedService[], caps: Caps = noCap, endpoint = config.endpoint): LanguageModel {
  budget = new Budget(caps, { calls: 0, tokens: 0, usd: 0 });
  const made = new OtherEndpoints({
    workspace: '/workspace',
    ...{ config: { ...config, endpoint, services: [...services] }, caps, memo, gate: budget, signal },
    log: () => undefined,
    warn: () => undefined,
    onAnswer: (answer) => void answers.push(answer),
  });
  closing.push(() => made.close());
  return made.behind(main);
}

describe('LMs at other endpoints', () => {
  it('are asked there with the key of their own, metered, and remembered', async () => {
    const lm = others([service()]);
    const answer = await lm.complete(ask('fine?'), first, signal);
    expect(answer).toMatchObject({ text: 'good', model: 'judge', endpoint: 'far', cached: false });
    expect(far.calls[0]).toMatchObject({ model: 'judge', authorization: 'Bearer sk-judge' });
    expect(await lm.complete(ask('fine?'), first, signal)).toMatchObject({ endpoint: 'far', cached: true });
    expect(answers.map(({ endpoint, cached }) => [endpoint, cached])).toEqual([
      ['far', false],
      ['far', true],
    ]);
    expect(budget.spent.calls).toBe(1);
    // No probe before it is needed: one request in all.
    expect(far.counters.requests).toBe(1);
  });

  it('leave the calls of the run’s own endpoint alone', async () => {
    const { endpoint, ...own } = ask('fine?', { model: 'base' });
    expect(endpoint).toBe('far');
    expect(await others([service()]).complete(own, first, signal)).toMatchObject({ text: 'main says base' });
    expect(far.counters.requests).toBe(0);
  });

  it('share the run’s cap', async () => {
    const lm = others([service()], { ...noCap, calls: 1 });
    await lm.complete(ask('one'), first, signal);
    await expect(lm.complete(ask('two'), first, signal)).rejects.toThrow(BudgetExhausted);
  });

  it('are probed once, and only where what they can do matters: an answer that is constrained, a text', async () => {
    const lm = others([service()]);
    const guide = { kind: 'jsonObject' } as const;
    await lm.complete(ask('one', { guide }), first, signal);
    const { requests } = far.counters;
    expect(requests).toBeGreaterThan(1);
    await lm.complete(ask('two', { guide }), first, signal);
    expect(far.counters.requests).toBe(requests + 1);
    // The probe is on the bill.
    expect(answers).toHaveLength(budget.spent.calls);
    expect(answers.every(({ endpoint }) => endpoint === 'far')).toBe(true);
  });

  it('are asked for the rest of a text where they can be', async () => {
    const text = { kind: 'text', prompt: 'Question: fine?\nAnswer:' } as const;
    await others([service()]).complete(ask('', { prompt: text }), first, signal);
    expect(far.calls.at(-1)).toMatchObject({ path: 'completions', prompt: text.prompt });
  });

  it('keep within their own concurrency', async () => {
    let [open, most] = [0, 0];
    const slow = await startFakeEndpoint({
      models: ['judge'],
      answer: async () => {
        most = Math.max(most, ++open);
        await new Promise((resolve) => setTimeout(resolve, 5));
        open--;
        return 'good';
      },
    });
    closing.push(() => slow.close());
    const lm = others([service({ baseURL: slow.baseURL, apiKeyEnv: null })]);
    await Promise.all(Array.from({ length: 8 }, (_, i) => lm.complete(ask(`${i}`), first, signal)));
    expect(most).toBe(2);
  });

  it('need a price under a dollar cap', async () => {
    const lm = others([service()], { ...noCap, usd: 1 });
    await expect(lm.complete(ask('one'), first, signal)).rejects.toThrow(/endpoints\.far\.prices/);
    const priced = others([service({ prices: { judge: { input: 1, output: 2 } } })], { ...noCap, usd: 1 });
    await priced.complete(ask('one'), first, signal);
    expect(budget.spent.usd).toBeGreaterThan(0);
  });

  it('say which key is missing, and never send that of another service', async () => {
    delete process.env['BT_TEST_JUDGE_KEY'];
    await expect(others([service()]).complete(ask('one'), first, signal)).rejects.toThrow(
      `The environment variable ${key} is not set`,
    );
    process.env[key] = 'sk-lab';
    const lab = { kind: 'openai', ...service({ name: 'lab', baseURL: 'http://lab:1/v1' }) } as const;
    const own = {
      ...lab,
      loraServing: 'none' as const,
      fineTune: { kind: 'openai', baseURL: lab.baseURL, apiKeyEnv: key, model: null, pollSeconds: 1 } as const,
    };
    await expect(others([service()], noCap, own).complete(ask('one'), first, signal)).rejects.toThrow(
      /"lab" .* and "far" .* both take their key from BT_TEST_JUDGE_KEY/,
    );
    const trainer = { ...own.fineTune, baseURL: 'http://trainer:1/v1' };
    const trained = others([service()], noCap, { ...own, apiKeyEnv: null, fineTune: trainer });
    await expect(trained.complete(ask('one'), first, signal)).rejects.toThrow(/http:\/\/trainer:1\/v1/);
    const before = service({ name: 'before', baseURL: 'http://before:1/v1' });
    await expect(others([before, service()]).complete(ask('one'), first, signal)).rejects.toThrow(/before/);
    expect(far.counters.requests).toBe(0);
  });

  it('are none of the run’s where nobody named them', async () => {
    const lm = others([service()]);
    await expect(lm.complete(ask('x', { endpoint: 'evil' }), first, signal)).rejects.toThrow(CallRejected);
  });
});

describe('what other endpoints mean for a run', () => {
  const usage = { inputTokens: 1_000_000, cachedInputTokens: 0, outputTokens: 500_000 };
  const record = (endpoint?: string): LmRecord => ({
    ...{ finishReason: 'stop', usage, key: 'k', model: 'judge', cached: false, seconds: 0 },
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  const priced = () => ({ ...config, services: [service({ prices: { '*': { input: 1, output: 4 } } })] });

  it('is their price, not that of the run’s own', () => {
    const { ofAnswer } = runPrices(priced(), () => null);
    expect(ofAnswer({ ...record('far'), text: '' })).toBe(3);
    expect(ofAnswer({ ...record(), text: '' })).toBe(0);
    expect(runPrices({ ...config, services: [service()] }, () => null).ofAnswer({ ...record('far'), text: '' })).toBe(
      null,
    );
  });

  it('is an estimate at the mean of what the sample paid', () => {
    const records = [record(), record('far')];
    const tokens = tokenPricesOf(priced(), records);
    expect(tokens).toEqual({ input: 0.5e-6, output: 2e-6 });
    expect(planPrices(priced(), tokens).call(2_000_000, 1_000_000)).toBe(3);
    expect(planPrices(priced(), tokens).training(5)).toBe(0);
    expect(tokenPricesOf(priced(), [record()])).toBeUndefined();
    expect(tokenPricesOf({ ...config, services: [service()] }, records)).toBeNull();
    expect(planPrices(priced(), null).call(1, 1)).toBeNull();
  });

  it('is that data may go there', () => {
    const remote = { ...config, services: [service({ baseURL: 'https://api.openai.com/v1' }), service()] };
    expect(hostsOf(consequencesOf(remote))).toEqual(['api.openai.com']);
    expect(consequencesOf(remote).promptsTo).toBeNull();
    expect(consequencesOf(priced()).costsMoney).toBe(true);
  });

  it('is asked for at the terminal, with the key that is sent', async () => {
    const judge = service({ baseURL: 'https://api.openai.com/v1' });
    const asked = { ...config, services: [judge, service({ name: 'near' })] };
    const terminal = { ...silent, interactive: false };
    await expect(askConsent(terminal, asked, false)).rejects.toThrow(
      `LMs that the program or its steps name are asked at api.openai.com with the key in ${key}, where they name one there.`,
    );
    expect(await askConsent(terminal, asked, true)).toEqual(['api.openai.com', `${key} to api.openai.com`]);
    expect(await askConsent(terminal, { ...config, services: [service()] }, false)).toEqual([]);
  });

  it('is told before a run in the editor', () => {
    const nowhere = { promptsTo: null, rowsTo: null };
    expect(destinationText({ ...nowhere, servicesTo: ['a.com', 'b.com'] })).toBe(
      'LMs that the program or its steps name may be asked at a.com, b.com.',
    );
    expect(destinationText({ promptsTo: 'lab', servicesTo: ['a.com'], rowsTo: 'lab' })).toBe(
      'Rows go to lab, in prompts and for training. LMs that the program or its steps name may be asked at a.com.',
    );
  });

  it('is another identity where the source does not show them change', () => {
    const services = [service({ revision: '2' }), service({ name: 'other', baseURL: 'http://other/v1' })];
    expect(serviceIdentities(services, [])).toEqual([`${far.baseURL}#2`]);
    expect(serviceIdentities(services, ['other', undefined])).toEqual([`${far.baseURL}#2`, 'http://other/v1']);
    expect(serviceIdentities(undefined, ['other'])).toEqual([]);
  });
});
