import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveEditorModels } from '../../../../src/editor/models/modelServer.ts';
import type { LoopbackServer } from '../../../../src/loopback/server.ts';
import { gpt, modelError, ScriptedModels } from '../../../fakes/scriptedModels.ts';

const token = 'a'.repeat(64);
let models: ScriptedModels;
let server: LoopbackServer;
const bugs: unknown[] = [];

beforeEach(async () => {
  models = new ScriptedModels();
  bugs.length = 0;
  server = await serveEditorModels({ models, token, onError: (error) => bugs.push(error) });
});
afterEach(() => server.close());

interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly data?: readonly Record<string, unknown>[];
    readonly model?: string;
    readonly choices?: readonly { readonly message: { readonly content: string }; readonly finish_reason: string }[];
    readonly usage?: Record<string, number>;
    readonly error?: { readonly message: string; readonly code: string | null; readonly param: string | null };
  };
}

const user = (content: string) => ({ role: 'user', content });

async function ask(body: object, init: RequestInit = {}): Promise<Answered> {
  const response = await fetch(`${server.baseURL}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o', messages: [user('how are you')], ...body }),
    ...init,
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Answered['body'] };
}

describe('the server of the editor’s models', () => {
  it('lists them by names that a configuration can have, and says what none of them can do', async () => {
    models.models = [gpt, { ...gpt, vendor: 'other' }, { ...gpt, id: 'claude', family: 'claude' }];
    const response = await fetch(`${server.baseURL}/models`, { headers: { authorization: `Bearer ${token}` } });
    const { data = [] } = (await response.json()) as Answered['body'];
    expect(data.map(({ id }) => id)).toEqual(['copilot/gpt-4o', 'other/gpt-4o', 'claude']);
    expect(data[0]).toMatchObject({
      ...{ owned_by: 'copilot', max_model_len: 64_000, root: 'gpt-4o 2024-11-20' },
      bettertogether: {
        capabilities: { completions: false, continueFinal: false, structuredChoice: false, jsonSchema: false },
      },
    });
  });

  it('answers with the model’s text and the tokens that its provider counts', async () => {
    models.answer = () => ['Überaus ', 'gut, ', 'danke'];
    const messages = [user('hello there'), { role: 'assistant', content: 'yes?' }, user('how are you')];
    const { status, body } = await ask({ messages, temperature: 0.5, top_p: 0.9, max_tokens: 50 });
    expect([status, body.choices?.[0], body.model]).toEqual([
      200,
      {
        ...{ index: 0, logprobs: null, finish_reason: 'stop' },
        message: { role: 'assistant', content: 'Überaus gut, danke', refusal: null },
      },
      'gpt-4o',
    ]);
    expect(body.usage).toEqual({ prompt_tokens: 6, completion_tokens: 3, total_tokens: 9 });
    expect(models.answered[0]?.turns).toEqual([
      { role: 'user', text: 'hello there' },
      { role: 'assistant', text: 'yes?' },
      { role: 'user', text: 'how are you' },
    ]);
    expect(models.answered[0]?.options).toEqual({ temperature: 0.5, top_p: 0.9, max_tokens: 50 });
  });

  it('ends an answer at a stop sequence itself, also where it lies across two pieces, and asks for no more', async () => {
    models.answer = () => ['one\n', 'tw', 'o\n#', '## three', 'never read'];
    const { body } = await ask({ stop: ['###', 'absent'] });
    expect(body.choices?.[0]).toMatchObject({ message: { content: 'one\ntwo\n' }, finish_reason: 'stop' });
    expect([models.answered.length, models.left]).toEqual([0, 1]);
  });

  it('says that an answer is as long as it may be, and leaves usage out where the provider does not count', async () => {
    models.answer = () => 'one two three';
    expect((await ask({ max_tokens: 3 })).body.choices?.[0]?.finish_reason).toBe('length');
    models.countTokens = () => Promise.reject(new Error('no tokenizer'));
    const { body } = await ask({ max_tokens: 3 });
    expect([body.usage, body.choices?.[0]?.finish_reason]).toEqual([undefined, 'stop']);
  });

  it.each([
    [{ messages: [{ role: 'system', content: 'Be brief.' }, user('hi')] }, 'messages[0].role', /system role/],
    [{ messages: [user('hi'), { role: 'assistant', content: 'The answer is' }] }, 'messages', /opened assistant/],
    [{ seed: 7 }, 'seed', /Unrecognized key/],
    [{ response_format: { type: 'json_object' } }, 'response_format', /Unrecognized key/],
    [{ tools: [] }, 'tools', /Unrecognized key/],
    [{ logprobs: true }, 'logprobs', /Unrecognized key/],
    [{ n: 2 }, 'n', /Only 1 is allowed/],
    [{ stream: true }, 'stream', /not supported/],
    [{ messages: [] }, 'messages', /./],
  ])('refuses what no model of VS Code takes, by its name: %j', async (body, param, said) => {
    const { status, body: answered } = await ask(body);
    expect([status, answered.error?.param, models.asked.length]).toEqual([400, param, 0]);
    expect(answered.error?.message).toMatch(said);
  });

  it.each([
    [modelError('NoPermissions', 'cannot be used by'), 403, 'no_permission'],
    [modelError('NotFound', 'gone'), 404, 'model_not_found'],
    [modelError('Unknown', 'Endpoint not found for model gpt-4o'), 404, 'model_not_found'],
    [modelError('Blocked', 'The extension has been temporarily blocked'), 429, 'rate_limit_exceeded'],
    [Object.assign(new Error('slow down'), { name: 'ChatRateLimited' }), 429, 'rate_limit_exceeded'],
    [new Error('wrapped', { cause: new Error('429 Too Many Requests') }), 429, 'rate_limit_exceeded'],
    [Object.assign(new Error('You have used it up'), { name: 'ChatQuotaExceeded' }), 402, 'insufficient_quota'],
    [modelError('Blocked', 'Monthly quota exceeded'), 402, 'insufficient_quota'],
    [new Error('You have exceeded your monthly token limit'), 402, 'insufficient_quota'],
    [new Error('You have reached your premium request limit'), 402, 'insufficient_quota'],
    [new Error('You have hit your usage limit'), 402, 'insufficient_quota'],
    [new Error('Tokens per minute limit reached'), 429, 'rate_limit_exceeded'],
    [new Error('Token limit reached (TPM): try again in 3 s'), 429, 'rate_limit_exceeded'],
    [new Error('input length exceeds the context limit'), 400, 'context_length_exceeded'],
    [new Error("This model's maximum context length is 8192 tokens"), 400, 'context_length_exceeded'],
    [new Error('Message exceeds token limit.'), 400, 'context_length_exceeded'],
    [new Error('Response was filtered by the Responsible AI service'), 400, 'content_filter'],
    [new Error('net::ERR_CONNECTION_RESET'), 502, 'model_failed'],
    [new Error(''), 502, 'model_failed'],
  ])('says what the provider said so that a run understands it: %s', async (error, status, code) => {
    models.answer = () => {
      throw error;
    };
    const { status: answered, body } = await ask({});
    expect([answered, body.error?.code]).toEqual([status, code]);
    expect(body.error?.message).toMatch(/\w/);
    expect(bugs).toEqual([]);
  });

  it('asks nothing without permission: a request is no act of a person', async () => {
    models.permission = 'not asked';
    const waiting = await ask({});
    expect([waiting.status, waiting.headers.get('retry-after'), models.wanted]).toEqual([503, '2', [gpt]]);
    expect(waiting.body.error?.message).toContain('allow it in the window');
    models.permission = 'refused';
    expect((await ask({})).status).toBe(403);
    expect(models.asked).toEqual([]);
  });

  it('names the models there are where it is asked for another, or for one that two vendors have', async () => {
    const unknown = await ask({ model: 'gpt-9' });
    expect([unknown.status, unknown.body.error?.code]).toEqual([404, 'model_not_found']);
    expect(unknown.body.error?.message).toContain('VS Code has: gpt-4o');
    models.models = [gpt, { ...gpt, vendor: 'other' }];
    expect((await ask({})).status).toBe(404);
    expect((await ask({ model: 'other/gpt-4o' })).status).toBe(200);
    models.models = [];
    expect((await ask({})).body.error?.message).toContain('sign in');
  });

  it('cancels what nobody waits for any more', async () => {
    models.answer = () => new Promise<string>(() => undefined);
    const stop = new AbortController();
    const asked = ask({}, { signal: stop.signal });
    asked.catch(() => undefined);
    await expect.poll(() => models.asked.length).toBe(1);
    stop.abort();
    await expect(asked).rejects.toThrow();
    await expect.poll(() => models.left).toBe(1);
    expect(models.asked[0]?.signal.aborted).toBe(true);
  });

  it('answers its user alone, on this machine’s own names, and no page', async () => {
    const as = (headers: Record<string, string>): Promise<number> =>
      new Promise((resolve, reject) => {
        const to = { host: '127.0.0.1', port: server.port, path: '/v1/models', headers, setHost: false };
        request(to, (response) => resolve(response.resume().statusCode ?? 0))
          .on('error', reject)
          .end();
      });
    const host = `127.0.0.1:${server.port}`;
    const authorization = `Bearer ${token}`;
    expect(await as({ host, authorization })).toBe(200);
    expect(await as({ host })).toBe(401);
    expect(await as({ host, authorization: `Bearer ${'b'.repeat(64)}` })).toBe(401);
    expect(await as({ host: 'evil.example', authorization })).toBe(403);
    expect(await as({ host, authorization, origin: 'https://evil.example' })).toBe(403);
  });
});
