/** What an endpoint can send at most, and which of its numbers are believed. */
import { describe, expect, it } from 'vitest';
import { startEndlessServer, type EndlessServer } from '../../fakes/endlessServer.ts';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { callTokensAtMost, responseBytesAtMost, retryAfterSecondsAtMost } from '../../../src/base/limits.ts';
import { responseText } from '../../../src/base/responseText.ts';
import { Budget } from '../../../src/engine/budget.ts';
import { CallRejected } from '../../../src/engine/errors.ts';
import { createRayTrainer } from '../../../src/finetune/ray/rayTrainer.ts';
import { createOpenAiTrainer } from '../../../src/finetune/openai/openaiTrainer.ts';
import { probeCapabilities } from '../../../src/lm/capabilities.ts';
import { connect, type Connection } from '../../../src/lm/connection.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';
import { createLanguageModel } from '../../../src/lm/languageModel.ts';
import { retryAfterSeconds } from '../../../src/wire/retryAfter.ts';
import { colbertv2 } from '../../../src/program/retrieval/colbertv2.ts';
import { modelsOf } from '../../../src/run/services/listedModels.ts';
import { MemoFolder } from './memoFolder.ts';

const never = new AbortController().signal;
const worst = { calls: 1, tokens: 121, usd: null };
const call = {
  model: 'base',
  prompt: { kind: 'chat', messages: [{ role: 'user', content: 'Hello' }] },
  stop: [],
} as const;

const place = new MemoFolder('limits');

function connectTo(baseURL: string, responseBytes?: number): Connection {
  const endpoint = defineEndpoint({ name: 'lab', baseURL });
  const made = connect(endpoint, responseBytes === undefined ? {} : { responseBytes });
  place.closing.push(() => made.close());
  return made;
}

function modelAt(connection: Connection, gate: Budget, warnings: string[] = []) {
  return createLanguageModel({
    connection,
    capabilities: { completions: true, continueFinal: true, structuredChoice: true, jsonSchema: true },
    sampling: { temperature: 0, topP: 1, maxTokens: 100 },
    memo: place.memo,
    gate,
    onWarning: (message) => warnings.push(message),
  });
}

const budget = () => new Budget({ calls: 10, tokens: 10_000, usd: null }, { calls: 0, tokens: 0, usd: 0 });

describe('an answer without end', () => {
  let server: EndlessServer;
  const open = async (status?: number, packed?: boolean): Promise<EndlessServer> => {
    server = await startEndlessServer(status, packed);
    place.closing.push(() => server.close());
    return server;
  };
  const inTime = () => expect(server.sent).toBeLessThan(4 * responseBytesAtMost);

  it.each([200, 429, 500, 404])('of status %i fails its call at once, and counts at its worst', async (status) => {
    const { baseURL } = await open(status);
    const gate = budget();
    const asked = modelAt(connectTo(baseURL), gate).complete(call, { round: 0, repeat: 0 }, never);
    await expect(asked).rejects.toThrow(CallRejected);
    await expect(asked).rejects.toThrow(
      `Endpoint "lab" (${baseURL}), asked for model "base": its answer is larger than 16 MiB`,
    );
    expect(server.requests).toBe(1);
    expect(gate.spent).toMatchObject({ calls: worst.calls, tokens: worst.tokens });
    inTime();
  });

  it('of a list of models is told, and not taken for an endpoint without one', async () => {
    const { baseURL } = await open();
    await expect(probeCapabilities(connectTo(baseURL), 'base', never)).rejects.toThrow('larger than 16 MiB');
    await expect(modelsOf({ baseURL }, undefined)).rejects.toThrow('larger than 16 MiB');
    inTime();
  });

  it('of a training service or a cluster is told', async () => {
    const { baseURL } = await open();
    const openai = createOpenAiTrainer({
      connection: connectTo(baseURL),
      profile: 'openai',
      rows: { layout: 'joined', textAsChat: false },
      pollSeconds: 1,
      onWarning: () => undefined,
    });
    await expect(openai.poll('job', null, never)).rejects.toThrow('fine-tuning job "job": its answer is larger than');
    const ray = createRayTrainer({ ...rayOptions, connection: connectTo(baseURL.replace('/v1', ''), 2 ** 20) });
    await expect(ray.poll('job', null, never)).rejects.toThrow('training job "job": its answer is larger than 1 MiB');
    inTime();
  });

  it('is unpacked no further than that', async () => {
    const { baseURL } = await open(200, true);
    await expect(responseText(await fetch(baseURL), 2 ** 20)).rejects.toThrow('larger than 1 MiB');
    const search = colbertv2({ url: baseURL }).search('who?', 3);
    await expect(search).rejects.toThrow(
      `The ColBERT server at ${baseURL} did not answer: its answer is larger than 16 MiB`,
    );
  });

  it('is read whole up to the limit', async () => {
    expect(await responseText(new Response('x'.repeat(1000)), 1000)).toHaveLength(1000);
    await expect(responseText(new Response('x'.repeat(1001)), 1000)).rejects.toThrow('larger');
  });
});

const rayOptions = {
  sources: '',
  model: 'base',
  workers: 1,
  cpusPerWorker: 1,
  gpusPerWorker: 0,
  dtype: 'auto',
  storage: '/tmp',
  sharedFolder: null,
  python: 'python3',
  runtimeEnv: {},
  textAsChat: false,
  pollSeconds: 1,
  stallSeconds: 60,
} as const;

describe('numbers of tokens', () => {
  const usageOf = (prompt_tokens: unknown, completion_tokens: unknown) => ({ prompt_tokens, completion_tokens });
  const refused = [
    usageOf(-1_000_000, 5),
    usageOf(5, -5),
    usageOf(1e308, 1),
    usageOf(0, 0),
    usageOf(1.5, 1),
    usageOf('many', 1),
    usageOf(callTokensAtMost + 1, 1),
    usageOf(null, 1),
  ];
  it.each(refused)('that cannot be count as not reported, with one warning: %j', async (usage) => {
    const fake = await startFakeEndpoint({ answer: () => ({ text: 'ok', usage }) });
    place.closing.push(() => fake.close());
    const [gate, warnings]: [Budget, string[]] = [budget(), []];
    const model = modelAt(connectTo(fake.baseURL), gate, warnings);
    for (const repeat of [0, 1]) {
      expect((await model.complete(call, { round: 0, repeat }, never)).usage).toBeNull();
    }
    expect(gate.spent).toEqual({ calls: 2, tokens: 2 * worst.tokens, usd: 0 });
    if (usage.prompt_tokens === null) expect(warnings).toEqual([]);
    else expect(warnings).toEqual([expect.stringContaining('reports numbers of tokens that cannot be')]);
  });

  it('are taken up to the limit', async () => {
    const fake = await startFakeEndpoint({ answer: () => ({ text: 'ok', usage: usageOf(callTokensAtMost, 0) }) });
    place.closing.push(() => fake.close());
    const answer = await modelAt(connectTo(fake.baseURL), budget()).complete(call, { round: 0, repeat: 0 }, never);
    expect(answer.usage).toMatchObject({ inputTokens: callTokensAtMost, outputTokens: 0 });
  });

  it('an error nested without end is an error like others', async () => {
    const fake = await startFakeEndpoint({
      intercept: (_, response) => {
        response.writeHead(400).end(`{"error":{"message":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`);
        return true;
      },
    });
    place.closing.push(() => fake.close());
    const asked = modelAt(connectTo(fake.baseURL), budget()).complete(call, { round: 0, repeat: 0 }, never);
    await expect(asked).rejects.toThrow('rejected a call to model "base"');
  });
});

describe('Retry-After', () => {
  it.each(['99999999999', '9'.repeat(400), 'Fri, 01 Jan 9999 00:00:00 GMT'])('of years is a day (%#)', (value) => {
    expect(retryAfterSeconds(new Headers({ 'retry-after': value }))).toBe(retryAfterSecondsAtMost);
  });
  it('of less is taken as it is', () => {
    expect(retryAfterSeconds(new Headers({ 'retry-after': String(retryAfterSecondsAtMost) }))).toBe(86_400);
    expect(retryAfterSeconds(new Headers({ 'retry-after': '7' }))).toBe(7);
  });
});
