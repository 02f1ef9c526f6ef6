import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Caps } from '../../../src/engine/budget.ts';
import { Budget } from '../../../src/engine/budget.ts';
import type { LanguageModel } from '../../../src/engine/interfaces.ts';
import { connect } from '../../../src/lm/connection.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';
import { createLanguageModel } from '../../../src/lm/languageModel.ts';
import type { Memo } from '../../../src/lm/memo.ts';
import { openMemo } from '../../../src/lm/memo.ts';
import { OtherEndpoints } from '../../../src/run/services/otherEndpoints.ts';
import type { FakeEndpoint, FakeReply } from '../../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { sampleConfig } from '../../fakes/sampleConfig.ts';
import type { AnsweringService, Trouble } from '../languageModel.ts';

const noCap: Caps = { calls: null, tokens: null, usd: null };
const capabilities = { completions: true, continueFinal: true, structuredChoice: true, jsonSchema: true };
const retry = { firstSeconds: 0.001, longestSeconds: 0.01, patienceSeconds: 0.3, firstContactSeconds: 0.3 };

const troubles: Readonly<Record<Trouble, FakeReply>> = {
  gone: { text: null, status: 503, raw: { error: { message: 'Service unavailable' } } },
  'wrong key': { text: null, status: 401, raw: { error: { message: 'Wrong API key', code: 'invalid_api_key' } } },
  'prompt too long': {
    text: null,
    status: 400,
    raw: { error: { message: 'Too many tokens', code: 'context_length_exceeded' } },
  },
};

/** What a language model of this process needs. */
interface Process {
  readonly fake: FakeEndpoint;
  readonly memo: Memo;
  readonly budget: Budget;
  /** Ends what it opened. */
  own(close: () => Promise<void>): void;
}

interface Place {
  readonly make: (process: Process, caps: Caps) => LanguageModel;
  readonly callOf: AnsweringService['callOf'];
}

const callTo = (model: string, message: string) => ({
  model,
  prompt: { kind: 'chat', messages: [{ role: 'user', content: message }] } as const,
  stop: [],
});

/** The run's own endpoint. */
export const ownEndpoint: Place = {
  make: ({ fake, memo, budget, own }) => {
    const connection = connect(defineEndpoint({ name: 'lab', baseURL: fake.baseURL }));
    own(() => connection.close());
    return createLanguageModel({
      ...{ connection, capabilities, memo, gate: budget, retry },
      sampling: { temperature: 0, topP: 1, maxTokens: 100 },
      onWarning: () => undefined,
    });
  },
  callOf: (message) => callTo('base', message),
};

/** An endpoint that a program's author names besides the run's. */
export const otherEndpoint: Place = {
  make: ({ fake, memo, budget, own }, caps) => {
    const service = {
      name: 'far',
      baseURL: fake.baseURL,
      apiKeyEnv: null,
      revision: null,
      concurrency: 4,
      prices: null,
    };
    const others = new OtherEndpoints({
      workspace: '/workspace',
      config: { ...sampleConfig, services: [{ ...service, patienceSeconds: 0.3 }] },
      ...{ caps, memo, gate: budget, signal: new AbortController().signal },
      log: () => undefined,
      warn: () => undefined,
      onAnswer: () => undefined,
    });
    own(() => others.close());
    return others.behind({ complete: () => Promise.reject(new Error('not a call of the run’s own endpoint')) });
  },
  callOf: (message) => ({ ...callTo('judge', message), authors: true, endpoint: 'far' }),
};

/** @param caps of each process. */
export async function openEndpoint({ make, callOf }: Place, caps: Caps = noCap): Promise<AnsweringService> {
  const folder = await mkdtemp(join(tmpdir(), 'bt-contract-lm-'));
  const fake = await startFakeEndpoint({ models: ['base', 'judge'], advertise: { capabilities } });
  const closing: (() => Promise<void>)[] = [() => fake.close()];
  const memo = await openMemo(folder);
  closing.push(() => memo.close());
  return {
    connect: () => {
      const budget = new Budget(caps, { calls: 0, tokens: 0, usd: 0 });
      return make({ fake, memo, budget, own: (close) => closing.push(close) }, caps);
    },
    callOf,
    paid: () => fake.counters.answered,
    answer: (by) => {
      fake.setAnswer(({ messages }) => by(messages.at(-1)?.content ?? ''));
    },
    fail: (trouble) => {
      fake.setAnswer(() => troubles[trouble]);
    },
    close: async () => {
      for (const close of closing.toReversed()) await close();
      await rm(folder, { recursive: true });
    },
  };
}
