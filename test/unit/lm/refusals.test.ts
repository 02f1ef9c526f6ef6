/** What an endpoint refused is asked for once, kept, and forgotten when another server or model answers. */
import { describe, expect, test } from 'vitest';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import type { FakeCall, FakeEndpoint, FakeEndpointOptions } from '../../fakes/fakeEndpoint.ts';
import { Budget } from '../../../src/engine/budget.ts';
import { probeCapabilities } from '../../../src/lm/capabilities.ts';
import { connect } from '../../../src/lm/connection.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';
import { createLanguageModel } from '../../../src/lm/languageModel.ts';
import { KeptRefusals } from '../../../src/lm/refusals.ts';
import { serverOf } from '../../../src/lm/servedModels.ts';
import { MemoFolder } from './memoFolder.ts';

const never = new AbortController().signal;
const noTopP = ({ body }: FakeCall) =>
  'top_p' in body ? { text: null, status: 400, raw: { error: { message: "Unsupported parameter: 'top_p'" } } } : 'Yes';

const place = new MemoFolder('refusals');

async function start(options: FakeEndpointOptions): Promise<FakeEndpoint> {
  const fake = await startFakeEndpoint(options);
  place.closing.push(() => fake.close());
  return fake;
}

/** A process that asks: what it knows of refusals is what the memo holds. */
function process(fake: FakeEndpoint, { server = 'v1', revision = '' } = {}) {
  const connection = connect(defineEndpoint({ name: 'lab', baseURL: fake.baseURL, revision }));
  place.closing.push(() => connection.close());
  const asked: string[] = [];
  const refusals = new KeptRefusals({
    memo: place.memo,
    identity: connection.endpoint.identity,
    serverOf: (model) => {
      asked.push(model);
      return Promise.resolve(server);
    },
  });
  const budget = new Budget({ calls: null, tokens: null, usd: null }, { calls: 0, tokens: 0, usd: 0 });
  const warnings: string[] = [];
  const lm = createLanguageModel({
    connection,
    capabilities: { completions: true, continueFinal: true, structuredChoice: true, jsonSchema: true },
    refusals,
    sampling: { temperature: 0.1, topP: 0.97, maxTokens: 10 },
    memo: place.memo,
    gate: budget,
    onWarning: (message) => warnings.push(message),
  });
  const ask = (content: string, model = 'base') =>
    lm.complete(
      { model, prompt: { kind: 'chat', messages: [{ role: 'user', content }] }, stop: [] },
      { round: 0, repeat: 0 },
      never,
    );
  return { ask, refusals, asked, budget, warnings };
}

describe('a part that an endpoint refuses', () => {
  test('is sent once, said once, and paid for never', async () => {
    const fake = await start({ answer: noTopP });
    const { ask, budget, warnings } = process(fake);
    await ask('a');
    await ask('b');
    expect(fake.calls.map(({ body }) => 'top_p' in body)).toEqual([true, false, false]);
    expect(budget.spent.calls).toBe(2);
    expect(warnings).toEqual([expect.stringContaining('sampling.topP is left out')]);
  });

  test('is not sent by the next process, which says so and finds the answers', async () => {
    const fake = await start({ answer: noTopP });
    await process(fake).ask('a');
    const before = fake.counters.completions;
    const { ask, warnings } = process(fake);
    expect((await ask('a')).cached).toBe(true);
    expect((await ask('b')).cached).toBe(false);
    expect(fake.counters.completions).toBe(before + 1);
    expect(warnings.length).toBe(1);
  });

  test.each([{ server: 'v2' }, { revision: '2' }])('is sent again to another server or revision: %j', async (other) => {
    const fake = await start({ answer: noTopP });
    await process(fake).ask('a');
    fake.setAnswer(() => 'Yes');
    const later = process(fake, other);
    await later.ask('c');
    expect(fake.calls.at(-1)!.body).toHaveProperty('top_p', 0.97);
    expect(later.warnings).toEqual([]);
  });

  test('is refused for one model and not for others', async () => {
    const fake = await start({
      models: ['base', 'other'],
      answer: (call) => (call.model === 'base' ? noTopP(call) : 'Yes'),
    });
    const { ask } = process(fake);
    await ask('a');
    await ask('a', 'other');
    expect(fake.calls.at(-1)!.body).toHaveProperty('top_p', 0.97);
  });

  test('costs an endpoint that refuses nothing no request', async () => {
    const fake = await start({ answer: () => 'Yes' });
    const { ask, asked } = process(fake);
    await ask('a');
    expect([asked, fake.counters.requests]).toEqual([[], 1]);
  });

  test.each(['max_tokens', 'max_completion_tokens'])(
    'ends no probe, not even where nothing can stand in for it: %s',
    async (key) => {
      const refused = key === 'max_tokens' ? ['max_tokens'] : ['max_tokens', key];
      const answer = ({ body }: FakeCall) => {
        const named = refused.find((each) => each in body);
        if (named === undefined) return 'Hello';
        return { text: null, status: 400, raw: { error: { message: `Unsupported parameter: '${named}'` } } };
      };
      const fake = await start({ answer });
      const connection = connect(defineEndpoint({ name: 'lab', baseURL: fake.baseURL }));
      place.closing.push(() => connection.close());
      const found = await probeCapabilities(connection, 'base', never);
      expect(found).toEqual({ completions: false, continueFinal: false, structuredChoice: false, jsonSchema: false });
    },
  );

  test('does not hide from a probe what the endpoint can do', async () => {
    const answer = (call: FakeCall) =>
      'temperature' in call.body
        ? { text: null, status: 400, raw: { error: { message: "'temperature' is not supported with this model" } } }
        : 'response_format' in call.body
          ? '{"zyxtrim": true}'
          : 'Hello';
    const fake = await start({ answer });
    const connection = connect(defineEndpoint({ name: 'lab', baseURL: fake.baseURL }));
    place.closing.push(() => connection.close());
    const found = await probeCapabilities(connection, 'base', never);
    expect(found).toEqual({ completions: true, continueFinal: false, structuredChoice: false, jsonSchema: true });
    expect(fake.counters.answered).toBe(4);
  });
});

describe('what serves a model', () => {
  const at = async (options: FakeEndpointOptions) => {
    const fake = await start(options);
    const connection = connect(defineEndpoint({ name: 'lab', baseURL: fake.baseURL }));
    place.closing.push(() => connection.close());
    return serverOf(connection, 'base', never);
  };
  const vllm = (version: string): FakeEndpointOptions => ({
    ownedBy: 'vllm',
    intercept: ({ url }, response) => {
      if (url !== '/version') return false;
      response.end(JSON.stringify({ version }));
      return true;
    },
  });

  test('is told apart by owner and version, and is the same the next time', async () => {
    const told = [await at({}), await at(vllm('0.11.0')), await at(vllm('0.12.0')), await at({ ownedBy: 'vllm' })];
    expect(new Set(told).size).toBe(4);
    expect(await at(vllm('0.11.0'))).toBe(told[1]);
  });

  test('is not known where nothing is listed', async () => {
    const intercept: FakeEndpointOptions['intercept'] = (_, response) => {
      response.writeHead(404).end('no');
      return true;
    };
    expect(await at({ intercept })).toBe('');
  });
});
