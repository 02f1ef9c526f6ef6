/** What is read of answers that name things otherwise than OpenAI's do. */
import { expect, test } from 'vitest';
import { ErrorAnswer } from '../../../src/wire/answerErrors.ts';
import { completionIn } from '../../../src/wire/completion.ts';

const usageIn = (usage: unknown) => {
  const { usage: read, usageRefused } = completionIn({ choices: [{ message: { content: 'x' } }], usage });
  return usageRefused ? 'refused' : read;
};

test.each([
  [
    { prompt_tokens: 5, completion_tokens: 2 },
    { inputTokens: 5, cachedInputTokens: 0, outputTokens: 2 },
  ],
  [
    { input_tokens: 5, output_tokens: 2 },
    { inputTokens: 5, cachedInputTokens: 0, outputTokens: 2 },
  ],
  [
    { input_tokens: 5, output_tokens: 2, input_tokens_details: { cached_tokens: 4 } },
    { inputTokens: 5, cachedInputTokens: 4, outputTokens: 2 },
  ],
  [
    { prompt_tokens: '5', completion_tokens: '2' },
    { inputTokens: 5, cachedInputTokens: 0, outputTokens: 2 },
  ],
  [{ prompt_tokens: 'many', completion_tokens: '2' }, 'refused'],
  [{ input_tokens: -5, output_tokens: 2 }, 'refused'],
  [{ input_tokens: 0, output_tokens: 0 }, 'refused'],
  [{ prompt_tokens: -5, completion_tokens: 2 }, 'refused'],
  [
    { prompt_tokens: null, input_tokens: 5, output_tokens: 2 },
    { inputTokens: 5, cachedInputTokens: 0, outputTokens: 2 },
  ],
  [{ tokens: 5 }, null],
])('usage %j', (usage, read) => {
  expect(usageIn(usage)).toEqual(read);
});

test('what a gateway wraps is read, with the usage that stands beside it', () => {
  const { usage, text } = completionIn({
    code: 0,
    data: { choices: [{ message: { content: 'x' } }] },
    usage: { prompt_tokens: 5, completion_tokens: 2 },
  });
  expect([text, usage?.inputTokens, usage?.outputTokens]).toEqual(['x', 5, 2]);
});

test.each([{ result: {} }, { data: { choices: null } }, { result: null, success: false, errors: [{ message: 'no' }] }])(
  'what wraps nothing is no answer: %j',
  (answer) => {
    expect(() => completionIn(answer)).toThrow();
  },
);

const finished = (finish_reason: string | null, content = 'x') =>
  completionIn({ choices: [{ message: { content }, finish_reason }] });

test.each([
  ['stop', 'stop'],
  ['eos_token', 'stop'],
  ['end_turn', 'stop'],
  ['STOP', 'stop'],
  ['length', 'length'],
  ['max_tokens', 'length'],
  ['MAX_TOKENS', 'length'],
  ['model_length', 'length'],
  ['content_filter', 'content_filter'],
  ['content_filter: PROHIBITED_CONTENT', 'content_filter'],
  ['SAFETY', 'content_filter'],
  ['sensitive', 'content_filter'],
  ['tool_calls', 'other'],
  [null, 'other'],
])('an answer that ended for %s ended for %s', (given, reason) => {
  expect(finished(given).finishReason).toBe(reason);
});

test.each(['MAX_TOKENS', 'content_filter: RECITATION'])('an empty text that ended for %s is none', (reason) => {
  expect(finished(reason, '')).toMatchObject({ text: null, whyNoText: `finish_reason ${reason}` });
});

test.each(['error', 'insufficient_system_resource', 'abort'])('what broke off (%s) is no answer', (reason) => {
  expect(() => finished(reason)).toThrow(ErrorAnswer);
});

test('a part of an answer that does not say its type is text', () => {
  const content = [{ type: 'thinking', thinking: 'y' }, { text: 'x' }];
  expect(completionIn({ choices: [{ message: { content } }] }).text).toBe('x');
});
