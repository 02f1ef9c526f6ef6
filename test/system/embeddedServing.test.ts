import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import OpenAI, { BadRequestError, NotFoundError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedServer } from '../../src/embedded/server.ts';
import { startServer } from '../../src/embedded/server.ts';
import type { ModelFile } from '../../src/embedded/setup/model.ts';
import { readToken } from '../../src/home/token.ts';
import { testHome } from './embeddedHome.ts';

let server: EmbeddedServer;
let client: OpenAI;
let token: string;
let home: string;
let served: ModelFile;
let remove: () => Promise<void>;
const model = 'smollm2-135m-instruct';

beforeAll(async () => {
  const made = await testHome();
  remove = made.remove;
  server = await startServer({ home: made.home, model: made.setup.model });
  home = made.home.root;
  served = made.setup.model;
  token = readToken(made.home.token);
  client = new OpenAI({ baseURL: server.baseURL, apiKey: token, maxRetries: 0 });
});
afterAll(async () => {
  await server.close();
  await remove();
});

const ask = (content: string): OpenAI.ChatCompletionMessageParam[] => [{ role: 'user', content }];

const authorized = (): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** Keys of vLLM's that the openai package does not know. */
function extra<T extends object>(body: T, more: object): T {
  return { ...body, ...more };
}

/** What these tests read of an answer that the openai package did not ask for. */
interface Answer {
  readonly choices: readonly { readonly message: { readonly content: string }; readonly finish_reason: string }[];
  readonly error: { readonly message: string };
}

async function post(path: string, body: unknown): Promise<{ status: number; body: Answer }> {
  const response = await fetch(`${server.baseURL}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...authorized() },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Answer };
}

describe('models', () => {
  it('lists the base with its capabilities and the hash of its file', async () => {
    const response = await fetch(`${server.baseURL}/models`, { headers: authorized() });
    expect(await response.json()).toMatchObject({
      object: 'list',
      data: [
        {
          id: model,
          bettertogether: {
            capabilities: { completions: true, continueFinal: true, structuredChoice: true, jsonSchema: true },
            modelHash: served.hash,
          },
        },
      ],
    });
  });

  it('finds one by name, and says 404 for another', async () => {
    expect((await client.models.retrieve(model)).id).toBe(model);
    await expect(client.models.retrieve('gpt-9')).rejects.toThrow(NotFoundError);
    await expect(client.models.retrieve('../models')).rejects.toThrow(NotFoundError);
  });
});

describe('chat completions', () => {
  it('answers greedily, the same each time, and reports what it reused', async () => {
    const body = { model, messages: ask('Name three colours.'), temperature: 0, max_tokens: 12 } as const;
    const first = await client.chat.completions.create(body);
    const second = await client.chat.completions.create(body);
    expect(first.choices[0]?.message.content).toMatch(/\w/);
    expect(second.choices[0]?.message.content).toBe(first.choices[0]?.message.content);
    expect(first.usage?.completion_tokens).toBe(12);
    expect(first.choices[0]?.finish_reason).toBe('length');
    // Everything but the prompt's last token was there already.
    expect(second.usage?.prompt_tokens_details?.cached_tokens).toBe(first.usage!.prompt_tokens - 1);
  });

  it("writes the model's own template: ChatML, with its default system line", async () => {
    const messages = ask('Hello');
    const { usage } = await client.chat.completions.create({ model, messages, max_tokens: 1 });
    const system = 'You are a helpful AI assistant named SmolLM, trained by Hugging Face';
    const withSystem = await client.chat.completions.create({
      model,
      messages: [{ role: 'system', content: system }, ...messages],
      max_tokens: 1,
    });
    expect(usage!.prompt_tokens).toBe(withSystem.usage!.prompt_tokens);
    expect(withSystem.usage!.prompt_tokens_details?.cached_tokens).toBe(usage!.prompt_tokens - 1);
  });

  it('does not read special tokens in what users write', async () => {
    const tokens = async (content: string): Promise<number> =>
      (await client.chat.completions.create({ model, messages: ask(content), max_tokens: 1 })).usage!.prompt_tokens;
    const empty = await tokens('x');
    expect((await tokens('x<|im_end|>')) - empty).toBeGreaterThan(1);
  });

  it('goes on with an opened assistant turn', async () => {
    const body = extra(
      { model, temperature: 0, max_tokens: 4 },
      {
        messages: [
          ...ask('What is the capital of France?'),
          { role: 'assistant', content: 'The capital of France is' },
        ],
        continue_final_message: true,
        add_generation_prompt: false,
      },
    );
    const { body: answer } = await post('/chat/completions', body);
    expect(answer.choices[0]!.message.content).toMatch(/^ Paris/);
  });

  it('gives n answers that the seed decides', async () => {
    const body = { model, messages: ask('Tell me something.'), temperature: 1, seed: 7, n: 3, max_tokens: 12 } as const;
    const texts = async (more: object = {}): Promise<unknown[]> =>
      (await client.chat.completions.create({ ...body, ...more })).choices.map((choice) => choice.message.content);
    const first = await texts();
    expect(new Set(first).size).toBe(3);
    expect(await texts()).toEqual(first);
    expect((await texts({ n: 1 }))[0]).toBe(first[0]);
    expect(await texts({ seed: 8 })).not.toEqual(first);
  });

  it('takes another seed each time when none is given', async () => {
    const body = { model, messages: ask('Tell me a story.'), temperature: 1, max_tokens: 16 } as const;
    const texts = await Promise.all([1, 2, 3].map(() => client.chat.completions.create(body)));
    expect(new Set(texts.map((answer) => answer.choices[0]?.message.content)).size).toBeGreaterThan(1);
  });

  it('answers with one of the choices, exactly', async () => {
    const choices = ['credit', 'credit cards', 'naïve “quotes”\n'];
    for (const choice of [choices, [choices[2]!]]) {
      const { body } = await post('/chat/completions', {
        model,
        messages: ask('Which?'),
        temperature: 1,
        structured_outputs: { choice },
      });
      expect(choice).toContain(body.choices[0]!.message.content);
      expect(body.choices[0]!.finish_reason).toBe('stop');
    }
    const older = await post('/chat/completions', { model, messages: ask('Which?'), guided_choice: ['yes', 'no'] });
    expect(['yes', 'no']).toContain(older.body.choices[0]!.message.content);
  });

  it('answers in JSON of a schema', async () => {
    const schema = {
      type: 'object',
      properties: {
        answer: { type: 'string', maxLength: 20 },
        score: { type: 'number' },
        label: { enum: ['a', 'b'] },
        list: { type: 'array', items: { $ref: '#/$defs/item' }, minItems: 1, maxItems: 2 },
        maybe: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
      },
      $defs: { item: { type: 'boolean' } },
    };
    const answer = await client.chat.completions.create({
      model,
      messages: ask('Give me some JSON.'),
      temperature: 1,
      seed: 5,
      max_tokens: 200,
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema } },
    });
    expect(answer.choices[0]?.finish_reason).toBe('stop');
    const value = JSON.parse(answer.choices[0]!.message.content!);
    expect(Object.keys(value)).toEqual(['answer', 'score', 'label', 'list', 'maybe']);
    expect(value.answer.length).toBeLessThanOrEqual(20);
    expect(typeof value.score).toBe('number');
    expect(['a', 'b']).toContain(value.label);
    expect([1, 2]).toContain(value.list.length);
    expect(value.list.every((item: unknown) => typeof item === 'boolean')).toBe(true);
  });

  it('answers with a JSON object', async () => {
    const answer = await client.chat.completions.create({
      model,
      messages: ask('Describe Paris in JSON with the key "country".'),
      temperature: 0,
      max_tokens: 6,
      response_format: { type: 'json_object' },
    });
    expect(answer.choices[0]?.message.content).toMatch(/^\{/);
  });

  it('stops before a stop string, never showing a part of it', async () => {
    const body = { model, messages: ask('Count from 1 to 9, separated by commas.'), temperature: 0, max_tokens: 40 };
    const whole = (await client.chat.completions.create(body)).choices[0]!.message.content!;
    const stop = whole.slice(9, 14);
    const cut = await client.chat.completions.create({ ...body, stop: [stop, 'never said'] });
    expect(cut.choices[0]?.message.content).toBe(whole.slice(0, whole.indexOf(stop)));
    expect(cut.choices[0]?.finish_reason).toBe('stop');
  });

  it('streams the same text, with usage at the end', async () => {
    const body = { model, messages: ask('Write the word naïve in Japanese: 日本'), temperature: 0, max_tokens: 24 };
    const whole = await client.chat.completions.create(body);
    const stream = await client.chat.completions.create({
      ...body,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let finish: string | null = null;
    let pieces = 0;
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      finish = chunk.choices[0]?.finish_reason ?? finish;
      usage = chunk.usage ?? usage;
      pieces++;
    }
    expect(text).toBe(whole.choices[0]!.message.content);
    expect(finish).toBe(whole.choices[0]!.finish_reason);
    expect(pieces).toBeGreaterThan(5);
    expect(usage?.completion_tokens).toBe(whole.usage!.completion_tokens);
  });

  it('stops generating when the client is gone', async () => {
    const gone = new AbortController();
    const long = client.chat.completions.create(
      { model, messages: ask('Write a very long story.'), temperature: 1, seed: 1, n: 8, max_tokens: 1500 },
      { signal: gone.signal },
    );
    setTimeout(() => {
      gone.abort();
    }, 300);
    await expect(long).rejects.toThrow(/abort/i);
    // Eight answers of 1,500 tokens would hold all eight sequences for minutes.
    const start = performance.now();
    await client.chat.completions.create({ model, messages: ask('Hi'), temperature: 0, max_tokens: 2 });
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

describe('text completions', () => {
  it('goes on with raw text, several prompts at once', async () => {
    const answer = await client.completions.create({
      model,
      prompt: ['The capital of France is', 'The capital of Italy is'],
      temperature: 0,
      max_tokens: 3,
    });
    expect(answer.choices.map((choice) => choice.text.trim().split(/\W/)[0])).toEqual(['Paris', 'Rome']);
    expect(answer.choices.map((choice) => choice.index)).toEqual([0, 1]);
  });

  it('evaluates a prefix that concurrent requests share once', async () => {
    const demos = Array.from({ length: 20 }, (_, i) => `Utterance: number ${i}\nDomain: ${i % 2 ? 'odd' : 'even'}`);
    const prefix = `${demos.join('\n\n')}\n\nUtterance: number`;
    const answers = await Promise.all(
      [40, 41, 42, 43, 44, 45].map((i) =>
        client.completions.create({ model, prompt: `${prefix} ${i}\nDomain:`, temperature: 0, max_tokens: 3 }),
      ),
    );
    const cached = answers.map((answer) => answer.usage!.prompt_tokens_details!.cached_tokens!);
    const total = answers[0]!.usage!.prompt_tokens;
    expect(cached.filter((tokens) => tokens > 0.9 * total)).toHaveLength(5);
  });

  it('gives 16 concurrent requests the answers they get one by one', async () => {
    const prompts = Array.from({ length: 16 }, (_, i) => `Question: What is ${i} plus ${i + 1}?\nAnswer:`);
    const complete = async (prompt: string): Promise<string> => {
      const body = { model, prompt, temperature: 0, max_tokens: 8, stop: '\n' };
      return (await client.completions.create(body)).choices[0]!.text;
    };
    const together = await Promise.all(prompts.map(complete));
    const alone: string[] = [];
    for (const prompt of prompts) alone.push(await complete(prompt));
    const equal = together.filter((text, i) => text === alone[i]).length;
    // llama.cpp multiplies batches of other sizes in another order, so a near tie may fall the other way.
    expect(equal).toBeGreaterThanOrEqual(14);
  });

  it('goes beyond the short context', async () => {
    const filler = Array.from({ length: 430 }, (_, i) => `${i},`).join(' ');
    const ask = `${filler}\n\nThe capital of France is Paris. The capital of Italy is Rome. The capital of France is`;
    const answer = await client.completions.create({ model, prompt: ask, temperature: 0, max_tokens: 2 });
    expect(answer.usage!.prompt_tokens).toBeGreaterThan(2048);
    expect(answer.choices[0]!.text).toMatch(/^ Paris/);
  });

  it('moves a generation that outgrows the short context to the long one', async () => {
    const prompt = Array.from({ length: 412 }, (_, i) => `${i},`).join(' ');
    const body = { model, prompt, temperature: 0 } as const;
    const { usage } = await client.completions.create({ ...body, max_tokens: 1 });
    const room = 2048 - usage!.prompt_tokens;
    expect(room).toBeGreaterThan(0);
    expect(room).toBeLessThan(200);
    const answer = await client.completions.create({ ...body, max_tokens: room + 8 });
    expect(answer.usage!.completion_tokens).toBe(room + 8);
    expect(answer.choices[0]!.text).toMatch(/^ 412, 413/);
  });
});

describe('errors in OpenAI’s shape', () => {
  it.each([
    ['an unknown model', { model: 'gpt-9', messages: ask('x') }, 404, { code: 'model_not_found', param: 'model' }],
    ['no messages', { model }, 400, { param: 'messages' }],
    ['a wrong temperature', { model, messages: ask('x'), temperature: 9 }, 400, { param: 'temperature' }],
    ['tools', { model, messages: ask('x'), tools: [{ type: 'function' }] }, 400, { param: 'tools' }],
    [
      'too long a prompt',
      { model, messages: ask('word '.repeat(9000)) },
      400,
      { code: 'context_length_exceeded', type: 'invalid_request_error' },
    ],
    [
      'a schema that is not understood',
      {
        model,
        messages: ask('x'),
        response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { $ref: '#/$defs/no' } } },
      },
      400,
      { param: 'response_format' },
    ],
    [
      'nothing to go on with',
      { model, messages: ask('x'), continue_final_message: true },
      400,
      { param: 'continue_final_message' },
    ],
  ])('%s', async (_name, body, status, error) => {
    const answer = await post('/chat/completions', body);
    expect(answer).toMatchObject({ status, body: { error } });
    expect(answer.body.error.message).toMatch(/\w/);
  });

  it('answers an error before a stream begins as an error', async () => {
    const body = { model, messages: ask('word '.repeat(9000)), stream: true } as const;
    await expect(client.chat.completions.create(body)).rejects.toThrow(BadRequestError);
  });

  it('says 404 for unknown paths and 400 for what is no JSON', async () => {
    expect((await fetch(`${server.baseURL}/embeddings`, { headers: authorized() })).status).toBe(404);
    const response = await fetch(`${server.baseURL}/completions`, {
      method: 'POST',
      headers: authorized(),
      body: '{"model":',
    });
    expect(response.status).toBe(400);
  });

  it('refuses who has not the key, whatever is asked, and says where it lies', async () => {
    for (const key of ['none', token.slice(1), `${token}0`]) {
      const stranger = new OpenAI({ baseURL: server.baseURL, apiKey: key, maxRetries: 0 });
      const refused = stranger.chat.completions.create({ model, messages: ask('Hello'), max_tokens: 1 });
      await expect(refused).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
      await expect(refused).rejects.toThrow(join(home, 'token'));
      await expect(stranger.files.list()).rejects.toMatchObject({ status: 401 });
    }
  });

  it('refuses web pages and bent host names', async () => {
    const status = (headers: Record<string, string>): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const all = { ...authorized(), ...headers };
        httpRequest({ host: '127.0.0.1', port: server.port, path: '/v1/models', headers: all }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on('error', reject)
          .end();
      });
    expect(await status({})).toBe(200);
    expect(await status({ host: `localhost:${server.port}` })).toBe(200);
    expect(await status({ host: 'evil.example' })).toBe(403);
    expect(await status({ origin: 'https://evil.example' })).toBe(403);
    expect(await status({ origin: 'null' })).toBe(403);
  });
});

describe('files', () => {
  it('keeps, lists, returns and deletes them', async () => {
    const file = await client.files.create({ file: new File(['{"a":1}\n'], 'rows.jsonl'), purpose: 'fine-tune' });
    expect(file).toMatchObject({ object: 'file', bytes: 8, filename: 'rows.jsonl', purpose: 'fine-tune' });
    expect((await client.files.retrieve(file.id)).id).toBe(file.id);
    expect(await (await client.files.content(file.id)).text()).toBe('{"a":1}\n');
    expect((await client.files.list()).data.map(({ id }) => id)).toEqual([file.id]);
    expect(await client.files.delete(file.id)).toMatchObject({ id: file.id, deleted: true });
    await expect(client.files.retrieve(file.id)).rejects.toThrow(NotFoundError);
    await expect(client.files.retrieve('../secret')).rejects.toThrow(NotFoundError);
  });
});
