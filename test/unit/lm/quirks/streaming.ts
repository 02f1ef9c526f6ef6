/** Answers that are streamed although `"stream": false` was sent. */
import type { FakeReply } from '../../../fakes/fakeEndpoint.ts';
import type { Quirk } from './quirk.ts';

const events = (text: string, status = 200): FakeReply => ({
  text: null,
  status,
  wire: { text, type: 'text/event-stream' },
});
const lines = (values: readonly unknown[], type: string): FakeReply => ({
  text: null,
  wire: { text: values.map((value) => `${JSON.stringify(value)}\n`).join(''), type },
});
const data = (...values: readonly unknown[]): string =>
  values.map((value) => `data: ${JSON.stringify(value)}\n\n`).join('');
const piece = (delta: object, finish_reason: string | null = null) => ({
  object: 'chat.completion.chunk',
  model: 'base',
  choices: [{ index: 0, delta, finish_reason }],
});
const usage = { choices: [], usage: { prompt_tokens: 5, completion_tokens: 2 } };
const paris = [piece({ role: 'assistant', content: '' }), piece({ content: 'Pa' }), piece({ content: 'ris' })];
const done = 'data: [DONE]\n\n';
const end = piece({}, 'stop');

export const streamingQuirks: readonly Quirk[] = [
  {
    quirk: 'a stream of events where none was asked for',
    seenAt: 'servers of one’s own, proxies that always stream',
    does: 'Its pieces are the answer.',
    answer: () => events(data(...paris, end, usage) + done),
    then: { text: 'Paris' },
  },
  {
    quirk: 'the same with comments, names of events and lines that end by \\r\\n, named JSON',
    seenAt: 'OpenRouter (": OPENROUTER PROCESSING"), gateways',
    does: 'The same.',
    answer: () => ({
      text: null,
      wire: {
        text: `: PROCESSING\r\n\r\nid: 1\r\nevent: message\r\n${data(...paris, end).replaceAll('\n', '\r\n')}${done}`,
        type: 'application/json',
      },
    }),
    then: { text: 'Paris' },
  },
  {
    quirk: 'a line of JSON for each piece',
    seenAt: 'servers of one’s own (application/x-ndjson, or named JSON)',
    does: 'The same.',
    answer: ({ index }) =>
      lines([...paris, end], index % 2 === 0 ? 'application/x-ndjson' : 'application/json; charset=utf-8'),
    then: { text: 'Paris' },
  },
  {
    quirk: 'pieces of a completed text',
    seenAt: 'llama-cpp-python',
    does: 'The same.',
    answer: () =>
      events(
        data({ choices: [{ text: 'Pa', finish_reason: null }] }, { choices: [{ text: 'ris', finish_reason: 'stop' }] }),
      ),
    asks: { prompt: { kind: 'text', prompt: 'Capital of France?' } },
    then: { text: 'Paris' },
  },
  {
    quirk: 'a stream whose last piece repeats the answer',
    seenAt: 'MiniMax',
    does: 'The answer is taken once.',
    answer: () =>
      events(
        data(...paris, {
          object: 'chat.completion',
          choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Paris' } }],
        }),
      ),
    then: { text: 'Paris' },
  },
  {
    quirk: 'a whole answer with the end of a stream behind it',
    seenAt: '9router',
    does: 'Read like one without.',
    answer: () =>
      events(`${JSON.stringify({ choices: [{ message: { content: 'Paris' }, finish_reason: 'stop' }] })}${done}`),
    then: { text: 'Paris' },
  },
  {
    quirk: 'a stream of thoughts, then of text in parts',
    seenAt: 'DeepSeek (reasoning_content), Mistral (Magistral)',
    does: 'The thoughts are no part of the answer.',
    answer: () =>
      events(
        data(
          piece({ reasoning_content: 'Hm.' }),
          piece({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] }] }),
          piece({ content: [{ type: 'text', text: 'Pa' }] }),
          piece({ content: 'ris' }, 'stop'),
        ),
      ),
    then: { text: 'Paris' },
  },
  {
    quirk: 'a stream that breaks off',
    seenAt: 'any',
    does: 'Asked again and never remembered; it may have been charged, so it counts at its worst.',
    answer: () => events(`${data(...paris)}data: {"choices":[{"del`),
    then: { unavailable: /the stream of the answer broke off/ },
    charged: 3,
  },
  {
    quirk: 'an error as the first event of a stream',
    seenAt: 'DashScope, OpenRouter',
    does: 'Read like one that was not streamed.',
    answer: () =>
      events(`event:error\ndata:{"code":"Throttling.RateQuota","message":"Requests rate limit exceeded"}\n\n`),
    then: { unavailable: /Requests rate limit exceeded.*concurrency/ },
  },
  {
    quirk: 'the same with a status of its own',
    seenAt: 'DashScope',
    does: 'The same.',
    answer: () => events(`event:error\ndata:{"code":"Arrearage","message":"Access denied"}\n\n`, 400),
    then: { refused: /no credit left \(400 Access denied\)/ },
  },
  {
    quirk: 'an error in the midst of a stream',
    seenAt: 'OpenRouter, vLLM',
    does: 'Asked again and never remembered; it may have been charged, so it counts at its worst.',
    answer: () => events(data(...paris, { error: { code: 502, message: 'upstream gone' } })),
    then: { unavailable: /502 upstream gone/ },
    charged: 3,
  },
  {
    quirk: 'a stream in a shape of its own',
    seenAt: 'Anthropic’s wire, behind proxies',
    does: 'Asked again; the message says that it streams, and what to change.',
    answer: () =>
      events(
        data({ type: 'content_block_delta', delta: { type: 'text_delta', text: 'Paris' } }, { type: 'message_stop' }),
      ),
    then: { unavailable: /it streams, though "stream": false was sent.*Turn streaming off/ },
    charged: 3,
  },
];
