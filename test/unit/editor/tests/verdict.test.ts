import { describe, expect, it } from 'vitest';
import type { Example } from '../../../../src/data/program.ts';
import { verdictOf } from '../../../../src/editor/tests/verdict.ts';
import type { JudgedOutcome } from '../../../../src/editor/tests/verdict.ts';

const row: Example = { id: 2, inputs: { q: 'hi' }, fields: { q: 'hi', answer: 'home', sure: true } };
const threshold = { threshold: 1 };
const gave = (prediction: JudgedOutcome['prediction'], score: number, more: Partial<JudgedOutcome> = {}) =>
  verdictOf({ prediction, score, ...more }, row, threshold);

describe('a row', () => {
  it('passes from the threshold on, whatever it answered', () => {
    expect(gave({ answer: 'weather' }, 1)).toEqual({ kind: 'passed' });
    expect(verdictOf({ prediction: {}, score: 0.5 }, row, { threshold: 0.5 })).toEqual({ kind: 'passed' });
  });

  it('fails with labels beside predictions, the score, what the metric said and what else was given', () => {
    const verdict = gave({ answer: 'weather', sure: true, why: 'it\nrains' }, 0.4, { feedback: 'Nearly.' });
    expect(verdict).toEqual({
      kind: 'failed',
      message: [
        'answer: expected home, predicted weather',
        'Score 0.40; 1 passes.',
        'The metric said: Nearly.',
        'why: it rains',
      ].join('\n'),
      sides: { expected: 'answer: home\nsure: true', actual: 'answer: weather\nsure: true' },
    });
  });

  it('begins with the score where nothing differs or nothing is labelled', () => {
    expect(gave({ answer: 'home', sure: true }, 0)).toMatchObject({ message: 'Score 0; 1 passes.' });
    const unlabelled = { ...row, fields: row.inputs };
    const verdict = verdictOf({ prediction: { answer: '' }, score: 0 }, unlabelled, threshold);
    expect(verdict).toEqual({ kind: 'failed', message: 'Score 0; 1 passes.\nanswer: (nothing)', sides: null });
    expect(verdictOf({ prediction: { answer: 'x' }, score: 0 }, undefined, threshold).kind).toBe('failed');
  });

  it('of one label is compared as that text alone, with what an answer of many lines says', () => {
    const poem = { ...row, fields: { q: 'hi', answer: 'a\nb' } };
    const verdict = verdictOf({ prediction: { answer: 'a\nc' }, score: 0 }, poem, threshold);
    expect(verdict).toMatchObject({ sides: { expected: 'a\nb', actual: 'a\nc' } });
  });

  it('of an unreadable answer failed, and of code that threw is an error in its place', () => {
    const parse = { kind: 'parse', message: 'no JSON in\n"…"' };
    expect(gave(null, 0, { error: parse })).toMatchObject({
      kind: 'failed',
      message: 'The answer could not be read: no JSON in "…"',
    });
    expect(gave(null, 0, { error: { kind: 'metric', message: 'boom', file: '/w/m.py', line: 3 } })).toEqual({
      kind: 'errored',
      message: 'metric: boom (/w/m.py:3)',
      file: '/w/m.py',
      line: 3,
    });
    expect(gave(null, 0, { error: { kind: 'of a later version', message: 'x' } })).toMatchObject({ kind: 'errored' });
  });
});
