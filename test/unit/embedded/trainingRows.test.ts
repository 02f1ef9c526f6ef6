import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../src/loopback/http.ts';
import { tokenizeRows } from '../../../src/embedded/jobs/trainingRows.ts';

/** Characters as tokens; a chat is its contents with a bar after each. */
const codes = (text: string): number[] => [...text].map((character) => character.codePointAt(0)!);
const engine = {
  tokenize: codes,
  promptTokens: (text: string) => [1, ...codes(text)],
  chatTokens: (messages: readonly { content: string }[], opened = '') => [
    ...messages.flatMap(({ content }) => [...codes(content), 0]),
    ...codes(opened),
  ],
  template: { endOfTurn: 2 },
  maxContext: 40,
};
const read = (...rows: unknown[]) => tokenizeRows(rows.map((row) => JSON.stringify(row)).join('\n'), engine);
const readAs = (method: 'supervised' | 'dpo' | 'grpo', ...rows: unknown[]) =>
  tokenizeRows(rows.map((row) => JSON.stringify(row)).join('\n'), engine, method);
const user = { role: 'user', content: 'q' };

describe('tokenizeRows', () => {
  it('masks the chat and the opened prefix, trains completion and end of turn', () => {
    expect(read({ messages: [user], opened: 'D:', completion: ' x', end: null })).toEqual([
      { prompt: [...codes('q'), 0, ...codes('D:')], completion: [...codes(' x'), 2] },
    ]);
  });

  it('ends with a text where the row says so', () => {
    expect(read({ prompt: 'p', completion: ' x', end: '\n\n' })).toEqual([
      { prompt: [1, ...codes('p')], completion: codes(' x\n\n') },
    ]);
  });

  it("takes OpenAI's rows: the last assistant message is trained, earlier ones are not", () => {
    const assistant = (content: string) => ({ role: 'assistant', content });
    expect(read({ messages: [user, assistant('a'), user, assistant('b')] })).toEqual([
      { prompt: codes('q\0a\0q\0'), completion: [...codes('b'), 2] },
    ]);
  });

  it('skips blank lines and counts them', () => {
    const line = JSON.stringify({ prompt: 'p', completion: 'c' });
    expect(tokenizeRows(`${line}\r\n\n${line}\n`, engine)).toHaveLength(2);
    expect(() => tokenizeRows(`\n\n{"prompt": 1}`, engine)).toThrow(/line 3: prompt/);
  });

  it.each([
    ['no rows', [], /it has no rows/],
    ['an empty completion', [{ prompt: 'p', completion: '', end: '' }], /line 1: the completion is empty/],
    ['no assistant at the end', [{ messages: [user, user] }], /line 1: its last message is not the assistant's/],
    ['a list', [[1]], /line 1/],
    ['a number', [3], /line 1: it is no JSON object/],
    ['too long a row', [{ prompt: 'x'.repeat(50), completion: 'y' }], /line 1: it has 53 tokens; .* 40/],
  ])('refuses %s', (_name, rows, message) => {
    expect(() => read(...rows)).toThrow(ApiError);
    expect(() => read(...rows)).toThrow(message);
  });
});

describe('rows of preferences', () => {
  const answer = (content: string) => [{ role: 'assistant', content }];
  const pair = { input: { messages: [user] }, preferred_output: answer('a'), non_preferred_output: answer('bc') };

  it('end both answers as the row says', () => {
    expect(readAs('dpo', { messages: [user], opened: 'D:', completion: ' x', end: null, rejected: ' y' })).toEqual([
      { prompt: [...codes('q'), 0, ...codes('D:')], completion: [...codes(' x'), 2], rejected: [...codes(' y'), 2] },
    ]);
    expect(readAs('dpo', { prompt: 'p', completion: 'x', end: '\n', rejected: 'y' })).toEqual([
      { prompt: [1, ...codes('p')], completion: codes('x\n'), rejected: codes('y\n') },
    ]);
  });

  it("are OpenAI's too", () => {
    expect(readAs('dpo', pair)).toEqual([
      { prompt: [...codes('q'), 0], completion: [...codes('a'), 2], rejected: [...codes('bc'), 2] },
    ]);
  });

  it.each([
    ['without the other answer', { prompt: 'p', completion: 'c' }, /line 1: rejected: a dpo job needs it/],
    [
      'with an empty one',
      { prompt: 'p', completion: 'c', end: '', rejected: '' },
      /line 1: the rejected answer is empty/,
    ],
    ['with too long a one', { prompt: 'p', completion: 'c', rejected: 'x'.repeat(50) }, /line 1: it has 53 tokens/],
    ['with two answers', { ...pair, preferred_output: [...answer('a'), ...answer('b')] }, /line 1: preferred_output/],
    [
      'with an answer of the user',
      { ...pair, non_preferred_output: [user] },
      /non_preferred_output: .*the assistant's/,
    ],
    ['without a prompt', { ...pair, input: {} }, /line 1: input.messages/],
  ])('%s are refused', (_name, row, message) => {
    expect(() => readAs('dpo', row)).toThrow(ApiError);
    expect(() => readAs('dpo', row)).toThrow(message);
  });

  it('are no rows of another method', () => {
    expect(() => readAs('supervised', pair)).toThrow(/line 1: it is a row of preferences, .* method is supervised/);
    expect(() => readAs('grpo', pair)).toThrow(/method is grpo/);
  });
});

describe('rows with rewards', () => {
  it('keep their advantage', () => {
    expect(readAs('grpo', { prompt: 'p', completion: 'x', end: '.', advantage: -0.5 })).toEqual([
      { prompt: [1, ...codes('p')], completion: codes('x.'), advantage: -0.5 },
    ]);
  });

  it.each([{}, { advantage: '1' }, { advantage: null }])('are refused with %j', (more) => {
    const [good, bad] = [
      { prompt: 'p', completion: 'x', advantage: 1 },
      { prompt: 'p', completion: 'x', ...more },
    ];
    expect(() => readAs('grpo', good, bad)).toThrow(/line 2: advantage: a grpo job needs it, as a number/);
  });
});
