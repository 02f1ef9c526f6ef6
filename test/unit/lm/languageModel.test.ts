import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultAnswer, startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import type { FakeCall, FakeEndpoint, FakeEndpointOptions } from '../../fakes/fakeEndpoint.ts';
import type { FakeFault } from '../../fakes/fakeFaults.ts';
import type { LmAnswer, LmCall } from '../../../src/data/lm.ts';
import { Budget } from '../../../src/engine/budget.ts';
import type { BudgetGate, Cost } from '../../../src/engine/budget.ts';
import { BudgetExhausted, CallRejected, CallUnanswered, Cancelled } from '../../../src/engine/errors.ts';
import { EndpointRefused, EndpointUnavailable } from '../../../src/engine/errors.ts';
import type { LanguageModel } from '../../../src/engine/interfaces.ts';
import { connect, type Connection } from '../../../src/lm/connection.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';
import { createLanguageModel, rememberedAnswerSchema } from '../../../src/lm/languageModel.ts';
import type { LanguageModelOptions } from '../../../src/lm/languageModel.ts';
import { openMemo, type Memo } from '../../../src/lm/memo.ts';

const capabilities = { completions: true, continueFinal: true, structuredChoice: true, jsonSchema: true };
const sampling = { temperature: 0.1, topP: 0.97, maxTokens: 100 };
const never = new AbortController().signal;
const first = { round: 0, repeat: 0 };
const ask = (question: string, model = 'base'): LmCall => ({
  model,
  prompt: { kind: 'chat', messages: [{ role: 'user', content: question }] },
  stop: [],
});
const quick = { firstSeconds: 0.001, longestSeconds: 0.01, patienceSeconds: 5, firstContactSeconds: 0.3 };
const unlimited = () => new Budget({ calls: null, tokens: null, usd: null }, { calls: 0, tokens: 0, usd: 0 });

let folder: string;
let memo: Memo;
let fake: FakeEndpoint;
let closing: (() => Promise<void>)[];
let warnings: string[];
let cached: LmAnswer[];
let paid: [LmAnswer, number | null][];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lm-'));
  memo = await openMemo(folder);
  warnings = [];
  cached = [];
  paid = [];
  closing = [];
  fake = await start();
});
afterEach(async () => {
  await memo.close();
  for (const close of closing.reverse()) await close();
  rmSync(folder, { recursive: true });
});

async function start(options: FakeEndpointOptions = {}): Promise<FakeEndpoint> {
  const started = await startFakeEndpoint(options);
  closing.push(() => started.close());
  return started;
}

function connection(to: FakeEndpoint, more: { revision?: string; apiKeyEnv?: string } = {}): Connection {
  const endpoint = defineEndpoint({ name: 'lab', baseURL: to.baseURL, ...more });
  const made = connect(endpoint, { resolveKey: () => 'sk-very-secret', timeoutSeconds: 0.4 });
  closing.push(() => made.close());
  return made;
}

function model(more: Partial<LanguageModelOptions> = {}): LanguageModel {
  return createLanguageModel({
    connection: more.connection ?? connection(fake),
    capabilities,
    sampling,
    memo,
    gate: unlimited(),
    retry: quick,
    onWarning: (message) => warnings.push(message),
    onCached: (answer) => cached.push(answer),
    onPaid: (answer, usd) => paid.push([answer, usd]),
    ...more,
  });
}

describe('answers', () => {
  test('carry text, usage and key; the memo keeps request and answer under it', async () => {
    fake.setAnswer(() => ({ text: 'Paris', finishReason: 'length' }));
    const answer = await model().complete(ask('Capital of France?'), first, never);
    expect(answer).toMatchObject({ text: 'Paris', finishReason: 'length', cached: false, model: 'base' });
    expect(answer.usage).toEqual({ inputTokens: 5, cachedInputTokens: 0, outputTokens: 2 });
    const kept = rememberedAnswerSchema.parse(await memo.get(answer.key));
    expect(kept.request.body['messages']).toEqual([{ role: 'user', content: 'Capital of France?' }]);
    expect(kept.answer.text).toBe('Paris');
  });

  test('usage that is not reported, or in a shape of its own, is unknown', async () => {
    const lm = model();
    fake.setUsage(false);
    expect((await lm.complete(ask('a'), first, never)).usage).toBeNull();
    fake.setAnswer(() => ({ text: 'x', usage: { tokens: 'many' } }));
    expect((await lm.complete(ask('b'), first, never)).usage).toBeNull();
    const details = { prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 8 } };
    fake.setAnswer(() => ({ text: 'x', usage: details }));
    const known = await lm.complete(ask('c'), first, never);
    expect(known.usage).toEqual({ inputTokens: 10, cachedInputTokens: 8, outputTokens: 1 });
  });

  test('without text reject the call, were paid for, and are not asked for again', async () => {
    const budget = unlimited();
    fake.setAnswer(() => ({ text: null, finishReason: 'content_filter' }));
    const lm = model({ gate: budget });
    await expect(lm.complete(ask('a'), first, never)).rejects.toThrow(CallRejected);
    await expect(lm.complete(ask('a'), first, never)).rejects.toThrow('without text (finish_reason content_filter)');
    expect([budget.spent.calls, fake.counters.answered]).toEqual([1, 1]);
    fake.setAnswer(() => ({ text: '', raw: { choices: [] } }));
    await expect(lm.complete(ask('b'), first, never)).rejects.toThrow('no choices');
  });

  test('an echo of the opened prefix is left as it is', async () => {
    fake.setAnswer(() => 'Domain: banking');
    const call: LmCall = { ...ask('x'), prompt: { kind: 'chat', messages: [], opened: 'Domain:' } };
    expect((await model().complete(call, first, never)).text).toBe('Domain: banking');
  });

  test('what a server repeats of the opened prefix is no part of the answer, paid for or remembered', async () => {
    fake.setAnswer(() => 'Domain: banking');
    const capabilities = { completions: true, continueFinal: true, repeatsOpened: true } as const;
    const lm = model({ capabilities: { ...capabilities, structuredChoice: false, jsonSchema: false } });
    const call: LmCall = { ...ask('x'), prompt: { kind: 'chat', messages: [], opened: 'Domain:' } };
    expect((await lm.complete(call, first, never)).text).toBe(' banking');
    expect(await lm.complete(call, first, never)).toMatchObject({ text: ' banking', cached: true });
    // Nothing was opened, so nothing is repeated.
    expect((await lm.complete(ask('y'), first, never)).text).toBe('Domain: banking');
  });

  test('what is left out is said once', async () => {
    const none = { completions: false, continueFinal: false, structuredChoice: false, jsonSchema: false };
    const lm = model({ capabilities: none });
    const text = (prompt: string): LmCall => ({ model: 'base', prompt: { kind: 'text', prompt }, stop: [] });
    await lm.complete(text('a'), first, never);
    await lm.complete(text('b'), first, never);
    expect(warnings).toEqual([expect.stringContaining('Endpoint "lab": it has no /v1/completions')]);
  });
});

describe('the memo in front', () => {
  test('answers the same call again, here and in the next process, for nothing', async () => {
    const budget = unlimited();
    const lm = model({ gate: budget });
    const one = await lm.complete(ask('a'), first, never);
    const two = await lm.complete(ask('a'), first, never);
    const three = await model({ memo }).complete(ask('a'), first, never);
    expect([two.text, three.text]).toEqual([one.text, one.text]);
    expect([one.cached, two.cached, three.cached]).toEqual([false, true, true]);
    expect([fake.counters.completions, budget.spent.calls, cached.length, paid.length]).toEqual([1, 1, 2, 1]);
    expect(two.usage).toEqual(one.usage);
  });

  test('never gives the answer of another endpoint, revision, model, parameter or rollout', async () => {
    const other = await start();
    const keys = new Set<string>();
    const note = async (lm: LanguageModel, call: LmCall, rollout = first) => {
      const answer = await lm.complete(call, rollout, never);
      expect(answer.cached).toBe(false);
      keys.add(answer.key);
    };
    fake.setModels(['base', 'tuned']);
    await note(model(), ask('a'));
    await note(model({ connection: connection(other) }), ask('a'));
    await note(model({ connection: connection(fake, { revision: '2' }) }), ask('a'));
    await note(model(), ask('a', 'tuned'));
    await note(model({ sampling: { ...sampling, temperature: 0.7 } }), ask('a'));
    await note(model({ sampling: { ...sampling, maxTokens: 5 } }), ask('a'));
    await note(model(), { ...ask('a'), stop: ['\n'] });
    await note(model(), ask('a'), { round: 0, repeat: 1 });
    await note(model(), ask('a'), { round: 1, repeat: 0 });
    expect(keys.size).toBe(9);
  });

  test('keeps calls apart that differ only in what the endpoint cannot be sent', async () => {
    const none = { completions: false, continueFinal: false, structuredChoice: false, jsonSchema: false };
    fake.setAnswer(({ index }) => `answer ${index}`);
    const lm = model({ capabilities: none });
    const messages = [{ role: 'user', content: 'a' }] as const;
    const calls: readonly LmCall[] = [
      ask('a'),
      { ...ask('a'), guide: { kind: 'choice', choices: ['x'] } },
      { ...ask('a'), guide: { kind: 'choice', choices: ['y'] } },
      { ...ask('a'), prompt: { kind: 'chat', messages, opened: 'A:' } },
      { ...ask('a'), prompt: { kind: 'text', prompt: 'a' } },
    ];
    const answers = await Promise.all(calls.map((call) => lm.complete(call, first, never)));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(calls.length);
    expect(new Set(fake.calls.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    const again = await Promise.all(calls.map((call) => lm.complete(call, first, never)));
    expect(again.map(({ text }) => text)).toEqual(answers.map(({ text }) => text));
    expect(fake.counters.completions).toBe(calls.length);
  });

  test('that cannot be written loses no answer, and says so once', async () => {
    const broken: Memo = {
      ...memo,
      get: () => Promise.resolve(undefined),
      put: () => Promise.reject(new Error('disk full')),
    };
    const lm = model({ memo: broken });
    expect((await lm.complete(ask('a'), first, never)).text).toMatch(/^answer/);
    expect((await lm.complete(ask('b'), first, never)).text).toMatch(/^answer/);
    expect(warnings).toEqual(['disk full']);
  });

  test('a remembered value of another shape is no answer', async () => {
    const lm = model();
    const { key } = await lm.complete(ask('a'), first, never);
    await memo.put(key, { some: 'thing' });
    expect((await lm.complete(ask('a'), first, never)).cached).toBe(false);
    expect(fake.counters.completions).toBe(2);
  });
});

describe('concurrent calls', () => {
  test('that are identical make one request, paid by one', async () => {
    fake.setLatency(30);
    const lm = model();
    const answers = await Promise.all(Array.from({ length: 10 }, () => lm.complete(ask('a'), first, never)));
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
    expect(answers.filter((answer) => !answer.cached).length).toBe(1);
    expect([fake.counters.completions, cached.length, paid.length]).toEqual([1, 9, 1]);
  });

  test('of one program run with the same prompt are repeats, and never merged', async () => {
    const lm = model();
    const repeats = [0, 1, 2].map((repeat) => lm.complete(ask('a'), { round: 0, repeat }, never));
    expect(new Set((await Promise.all(repeats)).map((answer) => answer.text)).size).toBe(3);
    expect(fake.calls.map((call) => call.seed).sort()).toEqual([1, 2, null]);
  });

  test('stay under the limit', async () => {
    fake.setLatency(5);
    const lm = model({ concurrency: 3 });
    await Promise.all(Array.from({ length: 12 }, (_, i) => lm.complete(ask(`q${i}`), first, never)));
    expect(fake.counters.maxInFlight).toBe(3);
  });

  test('one after the other share one connection', async () => {
    const lm = model();
    for (const question of ['a', 'b', 'c', 'd']) await lm.complete(ask(question), first, never);
    expect(fake.counters.connections).toBe(1);
  });

  test('all get through an endpoint that takes fewer than asked', async () => {
    const narrow = await start({ maxInFlight: 2, latencyMs: 3 });
    const lm = model({ connection: connection(narrow), concurrency: 16, retry: { ...quick, patienceSeconds: 20 } });
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => lm.complete(ask(`q${i}`), first, never)));
    expect(answers.length).toBe(40);
    expect([narrow.counters.answered, narrow.counters.repeated]).toEqual([40, 0]);
  });

  test('an aborted one ends its request and is charged at its worst', async () => {
    const budget = unlimited();
    fake.setLatency(5_000);
    const controller = new AbortController();
    const waiting = model({ gate: budget }).complete(ask('a'), first, controller.signal);
    await expect.poll(() => fake.counters.inFlight).toBe(1);
    controller.abort();
    await expect(waiting).rejects.toBeInstanceOf(Cancelled);
    await expect.poll(() => fake.counters.abandoned).toBe(1);
    await expect.poll(() => budget.spent).toEqual({ calls: 1, tokens: 1 + 16 + 100, usd: 0 });
  });

  test('an aborted one leaves the others their request', async () => {
    fake.setLatency(30);
    const lm = model();
    const controller = new AbortController();
    const leaver = lm.complete(ask('a'), first, controller.signal);
    const stayer = lm.complete(ask('a'), first, never);
    setTimeout(() => {
      controller.abort();
    }, 10);
    await expect(leaver).rejects.toBeInstanceOf(Cancelled);
    expect((await stayer).text).toMatch(/^answer/);
    expect([fake.counters.completions, fake.counters.abandoned]).toEqual([1, 0]);
  });
});

describe('the budget', () => {
  test('holds the worst case before the request and settles what was reported', async () => {
    const log: unknown[] = [];
    const gate: BudgetGate = {
      reserve: (worst: Cost) => {
        log.push(['reserve', worst, fake.counters.completions]);
        return Promise.resolve({
          settle: (actual) => log.push(['settle', actual, fake.counters.completions]),
          release: () => log.push('release'),
        });
      },
    };
    const prices = { base: { input: 1, output: 2 } };
    const lm = model({ gate, prices, baseOf: () => 'base' });
    fake.setModels(['tuned']);
    fake.setAnswer(() => ({ text: 'x', usage: { prompt_tokens: 10, completion_tokens: 20 } }));
    await lm.complete(ask('äöü', 'tuned'), first, never);
    const worst = { calls: 1, tokens: 6 + 16 + 100, usd: (22 + 200) / 1e6 };
    const actual = { inputTokens: 10, outputTokens: 20, usd: 50 / 1e6 };
    expect(log).toEqual([
      ['reserve', worst, 0],
      ['settle', actual, 1],
    ]);
    expect(paid[0]![1]).toBeCloseTo(50 / 1e6);
    await lm.complete(ask('äöü', 'tuned'), first, never);
    expect(log.length).toBe(2);
  });

  test('that is spent lets no request out', async () => {
    const gate = new Budget({ calls: 1, tokens: null, usd: null }, { calls: 1, tokens: 0, usd: 0 });
    await expect(model({ gate }).complete(ask('a'), first, never)).rejects.toThrow(BudgetExhausted);
    expect(fake.counters.requests).toBe(0);
  });

  test('gives back what a refused call held', async () => {
    const gate = new Budget({ calls: 1, tokens: null, usd: null }, { calls: 0, tokens: 0, usd: 0 });
    const lm = model({ gate });
    fake.fault({ kind: 'status', status: 400 });
    await expect(lm.complete(ask('a'), first, never)).rejects.toThrow(CallRejected);
    expect((await lm.complete(ask('b'), first, never)).text).toMatch(/^answer/);
  });
});

describe('what goes wrong', () => {
  const passing: FakeFault[] = [
    ...[408, 409, 429, 500, 502, 503, 504, 529].map((status) => ({ kind: 'status', status }) as const),
    { kind: 'status', status: 429, headers: { 'retry-after-ms': '5' } },
    { kind: 'reset' },
    { kind: 'stall' },
    { kind: 'halfBody' },
    { kind: 'stallBody' },
    { kind: 'brokenJson' },
    { kind: 'wrongJson' },
    { kind: 'html' },
  ];
  test.each(passing)('passes and is asked again: %j', async (fault) => {
    fake.fault(fault);
    expect((await model().complete(ask('a'), first, never)).text).toMatch(/^answer/);
    expect(fake.counters.completions).toBe(2);
  });

  test.each([
    [408, 2],
    [503, 1],
    [504, 2],
    [520, 2],
    [522, 1],
    [524, 2],
  ])('a %i counts as %i calls with the answer: some gave up on one that was under way', async (status, calls) => {
    const budget = new Budget({ calls: null, tokens: null, usd: null }, { calls: 0, tokens: 0, usd: 0 });
    fake.fault({ kind: 'status', status });
    await model({ gate: budget }).complete(ask('a'), first, never);
    expect(budget.spent.calls).toBe(calls);
  });

  const lasting: [FakeFault, new (message: string) => Error, RegExp][] = [
    [{ kind: 'status', status: 401 }, EndpointRefused, /does not accept the key.*apiKeyEnv/],
    [{ kind: 'status', status: 403 }, EndpointRefused, /does not accept the key/],
    [{ kind: 'status', status: 404 }, EndpointRefused, /does not know model "base".*"model"/],
    [{ kind: 'status', status: 400, code: 'model_not_found' }, EndpointRefused, /does not know model "base"/],
    [{ kind: 'status', status: 402 }, EndpointRefused, /no credit/],
    [{ kind: 'status', status: 429, code: 'insufficient_quota' }, EndpointRefused, /no credit/],
    [{ kind: 'status', status: 405 }, EndpointRefused, /baseURL/],
    [{ kind: 'status', status: 400 }, CallRejected, /rejected a call to model "base"/],
    [{ kind: 'status', status: 400, code: 'context_length_exceeded' }, CallRejected, /fewer demos/],
    [{ kind: 'status', status: 413 }, CallRejected, /rejected/],
    [{ kind: 'status', status: 422 }, CallRejected, /rejected/],
  ];
  test.each(lasting)('lasts and is said: %j', async (fault, kind, message) => {
    fake.fault(fault);
    const failed = model().complete(ask('a'), first, never);
    await expect(failed).rejects.toThrow(kind);
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toThrow(`Endpoint "lab" (${fake.baseURL})`);
    expect(fake.counters.completions).toBe(1);
  });

  test('a setting of one call that is rejected is no reason to end, whatever was asked before', async () => {
    const message = 'max_tokens is above 8192';
    fake.setAnswer(({ body }) =>
      Number(body['max_tokens']) > 8192 ? { text: null, status: 400, raw: { error: { message } } } : 'Paris',
    );
    const long: LmCall = { ...ask('a'), sampling: { maxTokens: 9000 } };
    const lm = model();
    for (const call of [long, { ...long, ...ask('b') }]) {
      await expect(lm.complete(call, first, never)).rejects.toThrow(CallRejected);
    }
    expect((await lm.complete(ask('c'), first, never)).text).toBe('Paris');
    const again = model();
    expect((await again.complete(ask('c'), first, never)).cached).toBe(true);
    await expect(again.complete(long, first, never)).rejects.toThrow(CallRejected);
  });

  test('of more tokens than there may be, it is no reason to end where the call names them itself', async () => {
    const message = 'max_tokens is too large: 9000. This model supports at most 99 completion tokens.';
    fake.setAnswer(({ body }) =>
      Number(body['max_tokens']) > 99 ? { text: null, status: 400, raw: { error: { message } } } : 'Paris',
    );
    const long = model().complete({ ...ask('a'), sampling: { maxTokens: 9000 } }, first, never);
    await expect(long).rejects.toThrow(CallRejected);
    await expect(long).rejects.toThrow(/let the code of the program ask for fewer/);
    await expect(model().complete(ask('a'), first, never)).rejects.toThrow(EndpointRefused);
  });

  test.each([
    ['of the call', { sampling: { temperature: 1.4 } }, first],
    ['of a round', {}, { ...first, temperature: 1.4 }],
    ['of all calls', { sampling: { maxTokens: 9 } }, first],
  ])(
    'of a temperature out of its range, it is a reason to end where it is that of all: %s',
    async (of, own, rollout) => {
      const raw = { error: { message: "Invalid 'temperature': decimal above maximum value. Expected a value <= 1." } };
      fake.setAnswer(() => ({ text: null, status: 400, raw }));
      const failed = model().complete({ ...ask('a'), ...own }, rollout, never);
      await expect(failed).rejects.toThrow(of === 'of all calls' ? EndpointRefused : CallRejected);
      await expect(failed).rejects.toThrow(of === 'of all calls' ? /"sampling"/ : /names its own temperature/);
    },
  );

  test.each([
    ['Missing required query parameter: api-version', /endpoints\.lab\.baseURL.*\/openai\/v1/],
    ['x-portkey-provider header is required', /endpoints\.lab\.headers/],
  ])('what is wanted of every call ends with the first: %s', async (message, advice) => {
    fake.setAnswer(() => ({ text: null, status: 400, raw: { error: { message } } }));
    const failed = model().complete(ask('a'), first, never);
    await expect(failed).rejects.toThrow(EndpointRefused);
    await expect(failed).rejects.toThrow(advice);
    expect(fake.counters.completions).toBe(1);
  });

  test('choices that are null are asked for again', async () => {
    let asked = 0;
    fake.setAnswer(() => (++asked === 1 ? { text: null, raw: { choices: null } } : 'Paris'));
    expect((await model().complete(ask('a'), first, never)).text).toBe('Paris');
  });

  test('an answer that was lost counts as paid where no other one came', async () => {
    const budget = unlimited();
    fake.fault({ kind: 'lostAnswer' });
    const lm = model({ gate: budget, retry: { ...quick, attempts: 1 } });
    await expect(lm.complete(ask('a'), first, never)).rejects.toThrow(EndpointUnavailable);
    expect(budget.spent).toEqual({ calls: 1, tokens: 1 + 16 + 100, usd: 0 });
  });

  test('an answer that was lost is charged at its worst, besides the one that came', async () => {
    const budget = unlimited();
    fake.setAnswer(() => ({ text: 'x', usage: { prompt_tokens: 10, completion_tokens: 20 } }));
    fake.fault({ kind: 'lostAnswer' });
    await model({ gate: budget }).complete(ask('a'), first, never);
    expect(budget.spent).toEqual({ calls: 2, tokens: 1 + 16 + 100 + 30, usd: 0 });
  });

  test('an attempt after a lost answer is not made where it does not fit under the cap', async () => {
    const gate = new Budget({ calls: 1, tokens: null, usd: null }, { calls: 0, tokens: 0, usd: 0 });
    fake.fault({ kind: 'lostAnswer' });
    await expect(model({ gate }).complete(ask('a'), first, never)).rejects.toThrow(BudgetExhausted);
    expect([fake.counters.completions, gate.spent.calls]).toEqual([1, 1]);
  });

  test('an attempt that was turned away leaves its room to the next', async () => {
    const gate = new Budget({ calls: 1, tokens: null, usd: null }, { calls: 0, tokens: 0, usd: 0 });
    fake.fault({ kind: 'status', status: 503 }, { kind: 'status', status: 429 });
    await model({ gate }).complete(ask('a'), first, never);
    expect([fake.counters.completions, gate.spent.calls]).toEqual([3, 1]);
  });

  test('calls in flight follow an endpoint that moves, and its answers stay remembered', async () => {
    const there = connection(fake);
    const lm = model({ connection: there });
    await lm.complete(ask('a'), first, never);
    await fake.close();
    const inFlight = lm.complete(ask('b'), first, never);
    const moved = await start();
    there.moveTo(moved.baseURL);
    expect((await inFlight).cached).toBe(false);
    expect((await lm.complete(ask('a'), first, never)).cached).toBe(true);
    expect([there.endpoint.baseURL, moved.counters.answered]).toEqual([moved.baseURL, 1]);
  });

  test('failures are not remembered', async () => {
    const lm = model();
    fake.fault({ kind: 'status', status: 400 });
    await expect(lm.complete(ask('a'), first, never)).rejects.toThrow(CallRejected);
    expect((await lm.complete(ask('a'), first, never)).cached).toBe(false);
  });

  test('an endpoint that is not there is named, soon', async () => {
    const gone = await startFakeEndpoint();
    const there = connection(gone);
    await gone.close();
    const failed = model({ connection: there }).complete(ask('a'), first, never);
    await expect(failed).rejects.toThrow(EndpointUnavailable);
    await expect(failed).rejects.toThrow(/ECONNREFUSED.*endpoints\.lab\.baseURL/);
  });
});

describe('a call that is never answered', () => {
  const short = { ...quick, patienceSeconds: 0.1 };
  type Spoiled = Exclude<FakeFault, { readonly kind: 'lostAnswer' }>;
  const faults: Spoiled[] = [
    ...[500, 502, 503].map((status) => ({ kind: 'status', status }) as const),
    { kind: 'status', status: 503, headers: { 'retry-after-ms': '1' } },
    { kind: 'brokenJson' },
    { kind: 'wrongJson' },
    { kind: 'html' },
    { kind: 'reset' },
    { kind: 'halfBody' },
  ];
  const spoil = (fault: Spoiled, hits = ({ prompt }: FakeCall) => prompt.includes('poison')) => {
    fake.setAnswer((call) => (hits(call) ? { text: null, fault } : defaultAnswer(call)));
  };

  test.each(faults)('fails alone while others are answered: %j', async (fault) => {
    spoil(fault);
    const lm = model({ retry: short });
    const poisoned = lm.complete(ask('poison'), first, never).catch((error: unknown) => error);
    for (let at = 0; at < 20; at++) expect((await lm.complete(ask(`${at}`), first, never)).text).toMatch(/^answer/);
    const error = await poisoned;
    expect(error).toBeInstanceOf(CallUnanswered);
    expect((error as Error).message).toContain('answers other calls and not this one');
  });

  test('and times out fails alone too', async () => {
    spoil({ kind: 'stall' });
    const failed = model({ retry: short }).complete(ask('poison'), first, never);
    await expect(failed).rejects.toThrow(/not this one \(timed out/);
  });

  test('costs one plain question where nobody else asks, which is paid for like any call', async () => {
    spoil({ kind: 'status', status: 500 });
    const budget = unlimited();
    const failed = model({ gate: budget, retry: short }).complete(ask('poison'), first, never);
    await expect(failed).rejects.toThrow(CallUnanswered);
    expect([budget.spent.calls, paid.length, fake.counters.answered]).toEqual([1, 1, 1]);
  });

  test('is the failure of its model where that one answers nothing, whatever another model answers', async () => {
    fake.setModels(['base', 'tuned']);
    spoil({ kind: 'status', status: 500 }, ({ model: asked }) => asked === 'tuned');
    const lm = model({ retry: short });
    const tuned = lm.complete(ask('a', 'tuned'), first, never).catch((error: unknown) => error);
    for (let at = 0; at < 20; at++) await lm.complete(ask(`${at}`), first, never);
    expect(await tuned).toBeInstanceOf(EndpointUnavailable);
  });

  test('is asked again the next time', async () => {
    spoil({ kind: 'status', status: 500 });
    const lm = model({ retry: short });
    await expect(lm.complete(ask('poison'), first, never)).rejects.toThrow(CallUnanswered);
    fake.setAnswer(defaultAnswer);
    expect((await lm.complete(ask('poison'), first, never)).cached).toBe(false);
  });
});

describe('the key', () => {
  test('is sent to the endpoint, and never shown, not even when the service repeats it', async () => {
    const locked = await start({ apiKey: 'sk-very-secret' });
    const lm = model({ connection: connection(locked, { apiKeyEnv: 'LAB_KEY' }) });
    await lm.complete(ask('a'), first, never);
    expect(locked.calls[0]!.authorization).toBe('Bearer sk-very-secret');
    const wrong = await start({ apiKey: 'another' });
    const failed = model({ connection: connection(wrong, { apiKeyEnv: 'LAB_KEY' }) }).complete(ask('a'), first, never);
    const error = await failed.catch((thrown: unknown) => thrown as Error);
    expect(error).toBeInstanceOf(EndpointRefused);
    expect(error).toHaveProperty('message', expect.stringMatching(/Bearer \*\*\*.*LAB_KEY/));
    expect(JSON.stringify([(error as Error).message, (error as Error).stack])).not.toContain('sk-very-secret');
    expect((error as Error).cause).toBeUndefined();
  });

  test('is not sent where none is named, whatever the environment holds', async () => {
    process.env['OPENAI_API_KEY'] = 'sk-of-openai';
    try {
      await model().complete(ask('a'), first, never);
    } finally {
      delete process.env['OPENAI_API_KEY'];
    }
    expect(fake.calls[0]!.authorization).toBeNull();
  });

  test('that is not set is named before anything is sent', () => {
    const endpoint = defineEndpoint({ name: 'lab', baseURL: fake.baseURL, apiKeyEnv: 'LAB_KEY' });
    expect(() => connect(endpoint, { resolveKey: () => undefined })).toThrow(/LAB_KEY is not set/);
  });

  test.each(['other host', 'same host'])('does not follow a redirect to %s', async (where) => {
    const thief = await start();
    const to = where === 'same host' ? fake : thief;
    fake.fault({ kind: 'redirect', to: `${to.baseURL}/chat/completions` });
    const lm = model({ connection: connection(fake, { apiKeyEnv: 'LAB_KEY' }) });
    const failed = lm.complete(ask('a'), first, never);
    await expect(failed).rejects.toThrow(EndpointRefused);
    await expect(failed).rejects.toThrow(/redirects to .*endpoints\.lab\.baseURL/);
    expect([thief.counters.requests, fake.counters.requests]).toEqual([0, 1]);
  });
});
