import { getEventListeners } from 'node:events';
import OpenAI from 'openai';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LeanOpenAI } from '../../../src/lm/leanOpenAI.ts';

const settings = { baseURL: 'http://lab/v1', apiKey: 'k', maxRetries: 0, timeout: 600_000 };
const message = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }] };

afterEach(() => vi.useRealTimers());

/** What is sent, as text. */
function recorder() {
  const sent: { url: string; method: string; headers: Record<string, string>; body: unknown }[] = [];
  const send = (url: unknown, init: RequestInit = {}): Promise<Response> => {
    const { method = 'GET', headers = {}, body } = init;
    const named = Object.fromEntries(headers instanceof Headers ? headers : Object.entries(headers)) as never;
    sent.push({ url: String(url), method, headers: named, body });
    return Promise.resolve(Response.json({ choices: [] }));
  };
  return { sent, send: send as typeof fetch };
}

describe('what is sent', () => {
  it('is what the package sends, the first time and later', async () => {
    const [theirs, ours] = [recorder(), recorder()];
    const usual = new OpenAI({ ...settings, fetch: theirs.send });
    const lean = new LeanOpenAI({ ...settings, fetch: ours.send });
    for (const client of [usual, lean]) {
      for (const temperature of [0, 1]) {
        await client.chat.completions.create({ ...message, temperature });
        await client.get('/models', { query: { after: 'x' } });
        await client.post('/own', { body: { a: 1 }, query: { b: '2' }, headers: { 'x-own': 'y' } });
        await client.post('/empty');
      }
    }
    expect(ours.sent).toEqual(theirs.sent);
    expect(ours.sent).toHaveLength(8);
  });

  it('goes to where the client points now', async () => {
    const { sent, send } = recorder();
    const client = new LeanOpenAI({ ...settings, fetch: send });
    await client.chat.completions.create(message);
    client.baseURL = 'http://elsewhere/v1';
    await client.chat.completions.create(message);
    expect(sent.map(({ url }) => new URL(url).host)).toEqual(['lab', 'elsewhere']);
  });
});

describe('a signal', () => {
  it('has no listeners left after requests that end well or badly', async () => {
    const { signal } = new AbortController();
    let calls = 0;
    const send = () => (calls++ === 0 ? Promise.resolve(Response.json({})) : Promise.reject(new Error('gone')));
    const client = new LeanOpenAI({ ...settings, fetch: send });
    await client.post('/a', { body: {}, signal });
    await expect(client.post('/b', { body: {}, signal })).rejects.toThrow(OpenAI.APIConnectionError);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('ends the request under way', async () => {
    const controller = new AbortController();
    const client = new LeanOpenAI({ ...settings, fetch: untilAborted });
    const answer = client.post('/a', { body: {}, signal: controller.signal });
    controller.abort();
    await expect(answer).rejects.toThrow(OpenAI.APIUserAbortError);
  });
});

it('a request that takes longer than the timeout ends as the package ends it', async () => {
  vi.useFakeTimers();
  const client = new LeanOpenAI({ ...settings, timeout: 5000, fetch: untilAborted });
  const answer = expect(client.post('/a', { body: {} })).rejects.toThrow(OpenAI.APIConnectionTimeoutError);
  await vi.advanceTimersByTimeAsync(5000);
  await answer;
});

const untilAborted: typeof fetch = (_url, init) =>
  new Promise((_resolve, reject) => {
    const { signal } = init!;
    signal!.addEventListener('abort', () => {
      reject(signal!.reason as Error);
    });
    if (signal!.aborted) reject(signal!.reason as Error);
  });
