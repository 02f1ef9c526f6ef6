/** What servers do that OpenAI's does not: what is sent, what is answered, what a run makes of it. */
import { describe, expect, test } from 'vitest';
import { startFakeEndpoint } from '../../../fakes/fakeEndpoint.ts';
import type { LmCall } from '../../../../src/data/lm.ts';
import { Budget } from '../../../../src/engine/budget.ts';
import { CallRejected, EndpointRefused, EndpointUnavailable } from '../../../../src/engine/errors.ts';
import { connect } from '../../../../src/lm/connection.ts';
import { defineEndpoint } from '../../../../src/lm/endpoint.ts';
import { createLanguageModel } from '../../../../src/lm/languageModel.ts';
import type { Outcome, Quirk } from './quirk.ts';
import { readingQuirks } from './reading.ts';
import { refusingQuirks } from './refusing.ts';
import { streamingQuirks } from './streaming.ts';
import { MemoFolder } from '../memoFolder.ts';

const quirks: readonly Quirk[] = [...readingQuirks, ...refusingQuirks, ...streamingQuirks];
const attempts = 3;
const never = new AbortController().signal;

const place = new MemoFolder('quirks');

/** A model behind an endpoint with this quirk, and what was asked there. */
async function standUp({ answer, asks }: Quirk) {
  const fake = await startFakeEndpoint({ answer });
  const connection = connect(defineEndpoint({ name: 'lab', baseURL: fake.baseURL }));
  place.closing.push(
    () => fake.close(),
    () => connection.close(),
  );
  const budget = new Budget({ calls: null, tokens: null, usd: null }, { calls: 0, tokens: 0, usd: 0 });
  const lm = createLanguageModel({
    connection,
    capabilities: { completions: true, continueFinal: true, structuredChoice: true, jsonSchema: true },
    sampling: { temperature: 0.1, topP: 0.97, maxTokens: 100 },
    memo: place.memo,
    gate: budget,
    retry: { firstSeconds: 0.001, longestSeconds: 0.001, patienceSeconds: 0.2, attempts },
    onWarning: () => undefined,
  });
  const prompt = { kind: 'chat', messages: [{ role: 'user', content: 'Capital of France?' }] } as const;
  const call: LmCall = { model: 'base', prompt, stop: [], ...asks };
  return { fake, budget, complete: () => lm.complete(call, { round: 0, repeat: 0 }, never) };
}

describe('an endpoint with', () => {
  test.each(quirks)('$quirk', async (quirk) => {
    const { fake, budget, complete } = await standUp(quirk);
    const { then } = quirk;
    if ('text' in then) {
      expect((await complete()).text).toBe(then.text);
      expectSent(fake.calls.at(-1)!.body, then);
      const before = fake.counters.answered;
      expect((await complete()).cached).toBe(true);
      expect(fake.counters.answered).toBe(before);
    } else {
      const failed = await complete().catch((error: unknown) => error);
      const [kind, says] = failureOf(then);
      expect(failed).toBeInstanceOf(kind);
      expect((failed as Error).message).toMatch(says);
    }
    expect(fake.calls[0]!.body['stream']).toBe(false);
    const charged = quirk.charged ?? ('text' in then ? 1 : 0);
    if ('unavailable' in then && charged > 0) expect(budget.spent.calls).toBeGreaterThan(0);
    else expect(budget.spent.calls).toBe(charged);
  });

  test('each of these is told in docs/compatibility/endpoints.json', async () => {
    const told = quirks.map(({ quirk, seenAt, does }) => ({ quirk, seenAt, does }));
    expect(new Set(told.map(({ quirk }) => quirk)).size).toBe(told.length);
    await expect(`${JSON.stringify(told, null, 2)}\n`).toMatchFileSnapshot(
      '../../../../docs/compatibility/endpoints.json',
    );
  });
});

function expectSent(body: Readonly<Record<string, unknown>>, then: Extract<Outcome, { readonly text: string }>): void {
  expect(body).toMatchObject(then.sent ?? {});
  for (const key of then.without ?? []) expect(body).not.toHaveProperty(key);
}

function failureOf(then: Exclude<Outcome, { readonly text: string }>): [new (...all: never[]) => Error, RegExp] {
  if ('rejected' in then) return [CallRejected, then.rejected];
  return 'refused' in then ? [EndpointRefused, then.refused] : [EndpointUnavailable, then.unavailable];
}
