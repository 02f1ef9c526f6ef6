import { describe, expect, test } from 'vitest';
import type { Capabilities, LmCall } from '../../../src/data/lm.ts';
import { buildRequest, rolloutSeed } from '../../../src/wire/requestBody.ts';
import type { RequestContext } from '../../../src/wire/requestBody.ts';
import { promptTokensAtMost } from '../../../src/lm/requestBounds.ts';

const all: Capabilities = { completions: true, continueFinal: true, structuredChoice: true, jsonSchema: true };
const none: Capabilities = { completions: false, continueFinal: false, structuredChoice: false, jsonSchema: false };
const context: RequestContext = {
  sampling: { temperature: 0.1, topP: 0.97, maxTokens: 50 },
  capabilities: all,
  rollout: { round: 0, repeat: 0 },
  maxTokensKey: 'max_tokens',
};
const chat: LmCall = {
  model: 'm',
  prompt: { kind: 'chat', messages: [{ role: 'user', content: 'Which domain?' }], opened: 'Domain:' },
  stop: ['\n'],
  guide: { kind: 'choice', choices: ['banking', 'travel'] },
};

describe('the request body', () => {
  test('of a capable endpoint continues the opened turn and constrains the answer', () => {
    expect(buildRequest(chat, context)).toEqual({
      path: '/chat/completions',
      body: {
        model: 'm',
        messages: [
          { role: 'user', content: 'Which domain?' },
          { role: 'assistant', content: 'Domain:' },
        ],
        continue_final_message: true,
        add_generation_prompt: false,
        temperature: 0.1,
        top_p: 0.97,
        max_tokens: 50,
        stop: ['\n'],
        structured_outputs: { choice: ['banking', 'travel'] },
      },
      leftOut: [],
      unsent: {},
    });
  });

  test('of an endpoint that can do nothing leaves out what it cannot do, and says so', () => {
    const { body, leftOut, unsent } = buildRequest(chat, { ...context, capabilities: none });
    expect(body['messages']).toEqual([{ role: 'user', content: 'Which domain?' }]);
    expect(body).not.toHaveProperty('continue_final_message');
    expect(body).not.toHaveProperty('structured_outputs');
    expect(leftOut).toEqual(['opened', 'choice']);
    expect(unsent).toEqual({ opened: 'Domain:', guide: chat.guide });
  });

  test('sends a text prompt to /completions, or as one user turn', () => {
    const text: LmCall = { model: 'm', prompt: { kind: 'text', prompt: 'Q: 1+1\nA:' }, stop: [] };
    expect(buildRequest(text, context)).toMatchObject({ path: '/completions', body: { prompt: 'Q: 1+1\nA:' } });
    expect(buildRequest(text, { ...context, capabilities: none })).toMatchObject({
      path: '/chat/completions',
      body: { messages: [{ role: 'user', content: 'Q: 1+1\nA:' }] },
      leftOut: ['completions'],
    });
  });

  test.each([
    [{ round: 1, repeat: 0, temperature: 1 }, { temperature: 0.3 }, 1],
    [{ round: 0, repeat: 0 }, { temperature: 0.3 }, 0.3],
    [{ round: 0, repeat: 0 }, {}, 0.1],
  ])('temperature: rollout before call before run (%j, %j)', (rollout, sampling, expected) => {
    expect(buildRequest({ ...chat, sampling }, { ...context, rollout }).body['temperature']).toBe(expected);
  });

  test('other rollouts have seeds of their own; the first has none', () => {
    expect(rolloutSeed({ round: 0, repeat: 0 })).toBeNull();
    expect(buildRequest(chat, context).body).not.toHaveProperty('seed');
    const rollouts = [0, 1, 2, 3].flatMap((round) => [0, 1, 2, 3].map((repeat) => ({ round, repeat })));
    const seeds = rollouts.slice(1).map(rolloutSeed);
    expect(new Set(seeds).size).toBe(15);
    expect(buildRequest(chat, { ...context, rollout: { round: 1, repeat: 2 } }).body['seed']).toBe(65_538);
  });

  test('rollouts that their author named have seeds of their own, the same ones every time', () => {
    const named = ['0', '1', '2'].flatMap((rolloutId) => [0, 1].map((repeat) => ({ round: 0, repeat, rolloutId })));
    const seeds = named.map(rolloutSeed);
    expect(new Set(seeds).size).toBe(6);
    expect(named.map(rolloutSeed)).toEqual(seeds);
    for (const seed of seeds) expect(seed).toBeLessThan(2 ** 31);
  });

  test('a JSON schema is strict exactly where OpenAI would take it so', () => {
    const closed = {
      type: 'object',
      properties: { a: { type: 'string' } },
      required: ['a'],
      additionalProperties: false,
    };
    const withSchema = (schema: typeof closed | { type: string }): LmCall => ({
      ...chat,
      guide: { kind: 'jsonSchema', name: 'answer', schema },
    });
    const format = (call: LmCall) => buildRequest(call, context).body['response_format'];
    expect(format(withSchema(closed))).toEqual({
      type: 'json_schema',
      json_schema: { name: 'answer', schema: closed, strict: true },
    });
    const open = { type: 'object', properties: { list: closed, more: { type: 'object' } } };
    expect(format(withSchema(open))).toEqual({ type: 'json_schema', json_schema: { name: 'answer', schema: open } });
  });

  test('OpenAI takes max_completion_tokens in chats, and max_tokens in completions', () => {
    const openai = { ...context, maxTokensKey: 'max_completion_tokens' } as const;
    expect(buildRequest(chat, openai).body).toHaveProperty('max_completion_tokens', 50);
    const text: LmCall = { model: 'm', prompt: { kind: 'text', prompt: 'x' }, stop: [] };
    expect(buildRequest(text, openai).body).toHaveProperty('max_tokens', 50);
  });

  test('has no temperature and no top_p where they are null, in the run or in the call', () => {
    const bare = { ...context, sampling: { temperature: null, topP: null, maxTokens: 50 } };
    expect(Object.keys(buildRequest(chat, bare).body)).not.toEqual(expect.arrayContaining(['temperature']));
    expect(buildRequest(chat, bare).body).not.toHaveProperty('top_p');
    expect(buildRequest({ ...chat, sampling: { topP: null } }, context).body).not.toHaveProperty('top_p');
    expect(buildRequest({ ...chat, sampling: { topP: 0.5 } }, bare).body).toHaveProperty('top_p', 0.5);
    expect(buildRequest(chat, bare).leftOut).toEqual([]);
  });

  test('is without what the endpoint refused, and says so; what the call itself asked for stays in the key', () => {
    const refused = new Set(['topP', 'temperature', 'seed', 'stop', 'choice', 'opened', 'max_tokens'] as const);
    const rollout = { round: 1, repeat: 2, temperature: 1 };
    const request = buildRequest({ ...chat, sampling: { topP: 0.5 } }, { ...context, refused, rollout });
    expect(request.body).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: 'Which domain?' }],
      max_completion_tokens: 50,
    });
    expect(request.leftOut).toEqual(['opened', 'temperature', 'topP', 'stop', 'seed', 'choice']);
    expect(request.unsent).toEqual({ opened: 'Domain:', topP: 0.5, stop: ['\n'], guide: chat.guide });
    const runsOwn = buildRequest({ ...chat, stop: [] }, { ...context, refused: new Set(['topP'] as const) });
    expect(runsOwn.unsent).toEqual({});
  });

  test('asks for JSON of any kind where a schema cannot be had, and for none where that is refused too', () => {
    const call: LmCall = { ...chat, guide: { kind: 'jsonSchema', name: 'a', schema: { type: 'object' } } };
    const object = { response_format: { type: 'json_object' } };
    const unable = buildRequest(call, { ...context, capabilities: none });
    expect(unable).toMatchObject({ body: object, leftOut: ['opened', 'jsonSchema'], unsent: { guide: call.guide } });
    const noSchema = buildRequest(call, { ...context, refused: new Set(['jsonSchema'] as const) });
    expect(noSchema).toMatchObject({ body: object, leftOut: ['jsonSchema'] });
    const neither = buildRequest(call, { ...context, refused: new Set(['jsonSchema', 'jsonObject'] as const) });
    expect(neither.body).not.toHaveProperty('response_format');
    expect(neither.leftOut).toEqual(['jsonSchema', 'jsonObject']);
    const schemaAlone = buildRequest(call, { ...context, refused: new Set(['jsonObject'] as const) });
    expect(schemaAlone.body).toMatchObject({ response_format: { type: 'json_schema' } });
  });

  test('has what the system role says in the first user message where there is no such role, pictures too', () => {
    const picture = { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } } as const;
    const messages = [
      { role: 'system', content: 'Be short.' },
      { role: 'assistant', content: 'Yes.' },
      { role: 'user', content: 'What?', parts: [{ type: 'text', text: 'What?' }, picture] },
    ] as const;
    const call: LmCall = { model: 'm', prompt: { kind: 'chat', messages }, stop: [] };
    const { body, leftOut } = buildRequest(call, { ...context, refused: new Set(['systemRole'] as const) });
    const content = [...['Be short.', '\n\n', 'What?'].map((text) => ({ type: 'text', text })), picture];
    expect(body['messages']).toEqual([
      { role: 'assistant', content: 'Yes.' },
      { role: 'user', content },
    ]);
    expect(leftOut).toEqual(['systemRole']);
  });

  test("holds an endpoint's further keys, and is without ours that they set to null", () => {
    const furtherKeys = { chat_template_kwargs: { enable_thinking: false }, top_p: null };
    const { body } = buildRequest(chat, { ...context, furtherKeys });
    expect(body).toMatchObject({ chat_template_kwargs: { enable_thinking: false }, temperature: 0.1 });
    expect(body).not.toHaveProperty('top_p');
  });

  test('prompt tokens are bounded by bytes, not characters', () => {
    const call: LmCall = {
      model: 'm',
      prompt: { kind: 'chat', messages: [{ role: 'user', content: 'Φ⟨Θ⟩' }] },
      stop: [],
    };
    expect(promptTokensAtMost(buildRequest(call, context))).toBe(Buffer.byteLength('Φ⟨Θ⟩') + 16);
  });
});
