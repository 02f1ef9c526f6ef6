import { estimateTokenCount } from 'tokenx';
import { describe, expect, it } from 'vitest';
import type { TraceCall } from '../../../../src/data/trace.ts';
import { reflectionPrompt } from '../../../../src/engine/optimizers/gepa/proposer/reflect.ts';
import type { ReflectedRow } from '../../../../src/engine/optimizers/gepa/proposer/reflect.ts';

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
  example: { id: 0, inputs: { question: 'why' }, fields: { question: 'why', answer: 'because' } },
  outcome: { prediction: { answer: 'so' }, score: 0.5, trace, ...(feedback === null ? {} : { feedback }) },
});

const usual = { metricRange: [0, 1], tokensAtMost: 1000 } as const;

describe('what a proposer is asked', () => {
  it('has the program, the instruction, the feedback and all calls of the run, in order', () => {
    const trace = [call('hint', 'one'), call('answer', 'two'), call('hint', 'three')];
    const prompt = reflectionPrompt(
      {
        component: 'answer',
        instruction: 'Answer well.',
        rows: [row(trace, 'Too short')],
        source: 'class Two:',
        ...usual,
      },
      16_000,
    );
    const parts = ['class Two:', 'Answer well.', 'Feedback: Too short', '"one"', '"two"', '"three"'];
    const places = parts.map((text) => prompt.indexOf(text));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
  });

  it.each([
    [1200, '😀'.repeat(500), 'f'.repeat(1_000_000)],
    [16_000, 'fünf '.repeat(3000), '規則を守る'.repeat(20_000)],
    [400, 'x '.repeat(5000), 'no, no. '.repeat(5000)],
  ])('stays within %d tokens however long runs, feedback, instructions and programs are', (tokens, said, feedback) => {
    const trace = Array.from({ length: 300 }, (_, i) => call(i % 2 === 0 ? 'hint' : 'answer', said));
    const rows = Array.from({ length: 5 }, () => row(trace, feedback));
    const long = 'Say it again, but better. '.repeat(20_000);
    const prompt = reflectionPrompt({ component: 'answer', instruction: long, rows, source: long, ...usual }, tokens);
    expect(estimateTokenCount(prompt)).toBeLessThanOrEqual(tokens);
    expect(prompt).not.toMatch(/\p{Surrogate}/u);
  });

  it('has what the row expects where the metric says nothing, and not where it does', () => {
    const promptOf = (feedback: string | null) =>
      reflectionPrompt(
        { component: 'answer', instruction: 'Answer.', rows: [row([], feedback)], source: null, ...usual },
        16_000,
      );
    expect(promptOf(null)).toContain('Expected: {"answer":"because"}');
    expect(promptOf('No.')).not.toContain('because');
    expect(promptOf('No.')).not.toContain('# The program');
  });

  it('has what a larger model did in this step, where it did better', () => {
    const teacher = { prediction: { answer: 'yes' }, score: 1, trace: [call('hint', 'far'), call('answer', 'well')] };
    const rows = [{ ...row([call('answer', 'badly')], 'No.'), teacher }];
    const prompt = reflectionPrompt(
      { component: 'answer', instruction: 'Answer.', rows, source: null, ...usual },
      16_000,
    );
    expect(prompt).toMatch(/"badly"[^]*a larger model did better \(score: 1\)[^]*"well"/);
    expect(prompt).not.toContain('"far"');
  });

  it('gives an instruction the room that others leave, and says what scores and lengths may be', () => {
    const long = 'Say it again, but better. '.repeat(250);
    const request = { component: 'answer', rows: [row([], 'No.')], source: null, metricRange: [-1, 1] as const };
    const prompt = reflectionPrompt({ ...request, instruction: long, tokensAtMost: 77 }, 16_000);
    expect(prompt).toContain(long.trim());
    expect(prompt).toContain('Scores are from -1 to 1.');
    expect(prompt).toContain('some 77 tokens at most');
    const none = reflectionPrompt({ ...request, instruction: '', tokensAtMost: 77 }, 16_000);
    expect(none).toContain('It has none yet.');
  });

  it('fences the program with more tildes than are in it', () => {
    const source = 'a = """\n~~~~\n"""';
    const prompt = reflectionPrompt({ component: 'a', instruction: 'A.', rows: [], source, ...usual }, 16_000);
    expect(prompt).toContain(`~~~~~\n${source}\n~~~~~`);
  });
});
