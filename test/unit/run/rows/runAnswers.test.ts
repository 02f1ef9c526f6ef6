/** One answer of each row of one split, of the best state where it ran on it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fields } from '../../../../src/base/json.ts';
import type { TraceRecord } from '../../../../src/engine/interfaces.ts';
import { runFiles } from '../../../../src/run/record/runFolder.ts';
import { TraceStore } from '../../../../src/run/record/traceStore.ts';
import { runAnswers } from '../../../../src/run/rows/runAnswers.ts';
import type { AskedAnswers } from '../../../../src/run/rows/runAnswers.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bettertogether-rows-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const call = (predictor: string, inputs: Fields, outputs: Fields) => ({
  ...{ predictor, inputs, outputs, lm: [], path: [], start: 0, seconds: 0 },
});

/** A program that looks passages up: other ones in each state. */
function record(example: number, answer: string, more: Partial<TraceRecord> = {}): TraceRecord {
  const { state = 'a' } = more;
  const trace = [
    call('query', { question: `q${example}` }, { query: 'x' }),
    call('answer', { question: `q${example}`, query: 'x', context: [`passage of ${state}`] }, { answer }),
  ];
  const outcome = { prediction: { answer }, score: answer === 'right' ? 1 : 0, trace, seconds: 0 };
  return { step: 'p', candidate: 1, purpose: 'validate', example, round: 0, state, outcome, ...more };
}

function answersOf(records: readonly TraceRecord[], more: Partial<AskedAnswers> = {}) {
  const run = { id: 'r', folder };
  const store = new TraceStore(runFiles(folder).traces);
  for (const each of records) store.append(each);
  store.close();
  return runAnswers(run, { split: 'train', predictor: null, threshold: 1, best: null, rows: null, ...more });
}

const fields = (example: number) => ({ question: `q${example}`, answer: 'label', id: 7 });

describe('answers of a run', () => {
  it('are of one split: what was held out stays out, and is counted by rows', () => {
    const records = [
      record(0, 'right'),
      ...[0, 1, 1].map((example) => record(example, 'wrong', { purpose: 'test', candidate: null })),
      record(0, 'wrong', { purpose: 'dev', candidate: null }),
    ];
    const { answers, others } = answersOf(records);
    expect(answers).toHaveLength(1);
    expect(others).toEqual({ train: 0, dev: 1, test: 2 });
    expect(answersOf([], { split: 'dev' }).others).toEqual({ train: 1, dev: 0, test: 2 });
  });

  it('are one a row, of the best state, whatever others answered after it', () => {
    const records = [
      record(1, 'wrong'),
      record(0, 'right', { state: 'best' }),
      record(0, 'wrong', { state: 'best', round: 1 }),
      record(0, 'wrong', { state: 'b' }),
      record(1, 'right', { state: 'b' }),
    ];
    const best = { prefix: 'p', state: 'best' };
    expect(answersOf(records, { best }).answers.map(({ failed }) => failed)).toEqual([false, false]);
    expect(answersOf([], { best: null }).answers.map(({ failed }) => failed)).toEqual([true, false]);
  });

  it('of the baseline are known by its evaluation', () => {
    const records = [
      record(9, 'right', { step: '', candidate: null, purpose: 'dev', state: 'base' }),
      record(0, 'right', { state: 'base' }),
      record(0, 'wrong', { state: 'b' }),
    ];
    const { answers } = answersOf(records, { best: { prefix: '', state: null } });
    expect(answers.map(({ failed }) => failed)).toEqual([false]);
  });

  it('have the inputs of the row: what was looked up is none', () => {
    const named = { id: 0, inputs: { question: 'q0', id: 7 }, fields: fields(0) };
    const unnamed = { id: 1, inputs: fields(1), fields: fields(1) };
    const rows = new Map([named, unnamed].map((row) => [row.id, row]));
    const { answers } = answersOf([record(0, 'right'), record(1, 'right')], { rows });
    expect(answers.map(({ inputs }) => inputs)).toEqual([{ question: 'q0', id: 7 }, { question: 'q1' }]);
    const [unread] = answersOf([], { rows: null }).answers;
    expect(Object.keys(unread!.inputs)).toEqual(['question', 'context']);
  });

  it('of a predictor have what its calls were given', () => {
    const { answers } = answersOf([record(0, 'wrong')], { predictor: 'query' });
    expect(answers).toEqual([{ inputs: { question: 'q0' }, outputs: { query: 'x' }, failed: true }]);
  });
});
