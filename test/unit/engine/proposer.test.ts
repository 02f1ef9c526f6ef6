import { estimateTokenCount } from 'tokenx';
import { describe, expect, it } from 'vitest';
import { readProposal } from '../../../src/engine/proposer/readProposal.ts';
import { shortened, shortenedTogether } from '../../../src/engine/proposer/shorten.ts';

describe('texts of a prompt', () => {
  it('leaves short texts whole and shortens the long ones', () => {
    expect(shortenedTogether(['to be', 'or'], 4)).toEqual(['to be', 'or']);
    const [short, long] = shortenedTogether(['to be', 'again '.repeat(500)], 203);
    expect(short).toBe('to be');
    expect(estimateTokenCount(long)).toBeLessThanOrEqual(201);
    expect(long).toMatch(/^again again .*about 500 tokens, shortened.* again $/);
    expect(shortened('one two three four', 3)).toBe('one two three');
  });
});

describe("a proposer's answer", () => {
  const present = { instruction: 'Do that.', outputs: [{ name: 'answer', value: 'Paris' }], tokensAtMost: 1000 };
  const read = (text: string, finishReason: 'stop' | 'length' = 'stop') =>
    readProposal({ text, finishReason }, present);

  it.each([
    ['Here:\n```\nDo this.\n```\nThat is it.', 'Do this.'],
    ['```markdown\nDo this:\n```json\n{}\n```\nand that.\n```', 'Do this:\n```json\n{}\n```\nand that.'],
    ['```\nDo this.', 'Do this.'],
    ['```\nDo this.```', 'Do this.'],
    ['Here: ```Do this.```', 'Do this.'],
    ['It quotes ```x = 1```, so:\n```\nDo this.\n```\nNow ```x``` is kept.', 'Do this.'],
    ['  ```text\n  Do this.\n  ```', 'Do this.'],
    ['  Do this.\n', 'Do this.'],
    ['[Note] Do {this}.', '[Note] Do {this}.'],
    ['Paris is an answer.', 'Paris is an answer.'],
    ['"Do this."', 'Do this.'],
    ['Answer: one word, and nothing else.\nBe brief.', 'Answer: one word, and nothing else.\nBe brief.'],
  ])('%j is the instruction in its outermost block, or the text', (answer, text) => {
    expect(read(answer)).toEqual({ kind: 'instruction', text });
  });

  it.each([
    ['```\n\n```', 'empty'],
    [' \n', 'empty'],
    ['```\n Do that.\n```', 'unchanged'],
    ['{"answer": "Paris"}', 'JSON'],
    ['```json\n["Paris"]\n```', 'JSON'],
    ['[[ ## answer ## ]]\nLyon', 'an answer to the task'],
    ['```\n"Paris".\n```', 'an answer to the task'],
    ['Answer: Paris', 'an answer to the task'],
    ['Answer: Lyon', 'an answer to the task'],
    ['- ', 'empty'],
    ['again '.repeat(1001), 'too long'],
  ])('is refused where it is none (case %#)', (answer, reason) => {
    expect(read(answer)).toEqual({ kind: 'refused', reason });
  });

  it('is refused where it was cut off, whatever stands there', () => {
    for (const answer of [
      read('```\nDo this and', 'length'),
      read('<think>\nThe rows'),
      read(' <thinking>\nWell, ```'),
    ]) {
      expect(answer).toEqual({ kind: 'refused', reason: 'cut off' });
    }
  });
});
