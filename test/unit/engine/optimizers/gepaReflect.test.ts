import { describe, expect, it } from 'vitest';
import type { TraceCall } from '../../../../src/data/trace.ts';
import { readProposal } from '../../../../src/engine/optimizers/gepa/readProposal.ts';
import { reflectionPrompt } from '../../../../src/engine/optimizers/gepa/reflect.ts';
import type { ReflectedRow } from '../../../../src/engine/optimizers/gepa/reflect.ts';
import { shortened, shortenedTogether } from '../../../../src/engine/optimizers/gepa/shorten.ts';

const call = (predictor: string, said: string): TraceCall => ({
  predictor,
  inputs: { question: said },
  outputs: { answer: `${said}!` },
  lm: [],
  path: [],
  start: 0,
  seconds: 0,
});

const row = (trace: readonly TraceCall[], feedback: string | null): ReflectedRow => ({
  inputs: { question: 'why' },
  outcome: { prediction: { answer: 'so' }, score: 0.5, trace },
  feedback,
});

describe('what a proposer is asked', () => {
  it('has the instruction, the feedback and all calls of the run, in order', () => {
    const trace = [call('hint', 'one'), call('answer', 'two'), call('hint', 'three')];
    const prompt = reflectionPrompt({
      component: 'answer',
      instruction: 'Answer well.',
      rows: [row(trace, 'Too short')],
    });
    const told = ['Answer well.', 'Feedback: Too short', '"one"', '"two"', '"three"'].map((text) =>
      prompt.indexOf(text),
    );
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(told).not.toContain(-1);
  });

  it('stays within its limits however long runs, feedback and instructions are', () => {
    const trace = Array.from({ length: 3000 }, (_, i) => call(i % 2 === 0 ? 'hint' : 'answer', '😀'.repeat(500)));
    const rows = Array.from({ length: 5 }, () => row(trace, 'f'.repeat(1_000_000)));
    const limits = { instruction: 1000, perRow: 4000, allRows: 10_000 };
    const asked = { component: 'answer', instruction: 'i'.repeat(1_000_000) };
    const without = reflectionPrompt({ component: 'answer', instruction: '', rows: [] }, limits).length;
    const prompt = reflectionPrompt({ ...asked, rows }, limits);
    const headings = 5 * '## Example 1\n\n\n\n'.length;
    expect(prompt.length).toBeLessThanOrEqual(without + 1000 + 10_000 + headings);
    expect(prompt).not.toMatch(/\p{Surrogate}/u);
  });

  it('leaves short texts whole and shortens the long ones', () => {
    expect(shortenedTogether(['abc', 'd'], 4)).toEqual(['abc', 'd']);
    const [short, long] = shortenedTogether(['abc', 'x'.repeat(500)], 203);
    expect(short).toBe('abc');
    expect(long).toHaveLength(200);
    expect(long).toContain('500 characters, shortened');
    expect(shortened('abcdef', 3)).toBe('abc');
  });
});

describe("a proposer's answer", () => {
  it.each([
    ['Here:\n```\nDo this.\n```\nThat is it.', 'Do this.'],
    ['```markdown\nDo this:\n```json\n{}\n```\nand that.\n```', 'Do this:\n```json\n{}\n```\nand that.'],
    ['```\nDo this.', 'Do this.'],
    ['  Do this.\n', 'Do this.'],
    ['[Note] Do {this}.', '[Note] Do {this}.'],
  ])('%j is the instruction in its outermost block, or the text', (answer, text) => {
    expect(readProposal(answer, 'Do that.')).toEqual({ kind: 'instruction', text });
  });

  it.each([
    ['```\n\n```', 'empty'],
    [' \n', 'empty'],
    ['```\n Do that.\n```', 'same'],
    ['{"answer": "Paris"}', 'json'],
    ['```json\n["Paris"]\n```', 'json'],
    ['[[ ## answer ## ]]\nParis', 'task output'],
    ['x'.repeat(24_001), 'too long'],
  ])('is refused where it is none (case %#)', (answer, reason) => {
    expect(readProposal(answer, 'Do that.')).toEqual({ kind: 'refused', reason });
  });
});
