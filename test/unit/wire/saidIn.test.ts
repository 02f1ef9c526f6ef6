import { describe, expect, it, test } from 'vitest';
import type { LmRequest } from '../../../src/wire/requestBody.ts';
import { saidIn } from '../../../src/wire/saidIn.ts';

const request: LmRequest = { path: '/chat/completions', body: { model: 'm', messages: [] }, unsent: {}, leftOut: [] };
const saidOf = (text: string | null, unsent = {}) =>
  saidIn({ text, finishReason: 'length' as const }, { ...request, unsent });

test.each([
  ['Paris<|im_end|>', 'Paris'],
  ['Paris <|eot_id|>\n', 'Paris'],
  ['Paris<end_of_turn>\n<eos>', 'Paris'],
  ['Paris</s></s>', 'Paris'],
  ['Paris<|im_end|><|endoftext|>', 'Paris'],
  ['Paris<|eom_id|>', 'Paris'],
  ['Paris<\uff5cend\u2581of\u2581sentence\uff5c>', 'Paris'],
  ['<s>Rome</s>', '<s>Rome</s>'],
  ['<|im_end|> ends a turn', '<|im_end|> ends a turn'],
  ['Paris \n', 'Paris \n'],
])('the end of a turn is no part of an answer: %j', (text, said) => {
  expect(saidOf(text).text).toBe(said);
});

describe('a stop that was not sent', () => {
  it('ends the answer where it stands', () => {
    expect(saidOf('one. two', { stop: ['.'] })).toEqual({ text: 'one', finishReason: 'stop' });
    expect(saidOf('one two', { stop: ['.'] })).toEqual({ text: 'one two', finishReason: 'length' });
  });
});

it('an answer without text stays one', () => {
  expect(saidOf(null).text).toBeNull();
});
