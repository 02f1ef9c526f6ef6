/** What is read of answers that name things otherwise than OpenAI's do. */
import { expect, test } from 'vitest';
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
  [{ input_tokens: -5, output_tokens: 2 }, null],
  [{ input_tokens: 0, output_tokens: 0 }, null],
  [{ prompt_tokens: -5, completion_tokens: 2 }, 'refused'],
  [{ tokens: 5 }, null],
])('usage %j', (usage, read) => {
  expect(usageIn(usage)).toEqual(read);
});
