/** An answer is no label: rows that nobody has labelled are refused, not scored. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadDataset } from '../../../src/config/dataset.ts';
import type { ResolvedMetric } from '../../../src/config/resolved.ts';

const code: ResolvedMetric = { kind: 'code', file: '/w/m.py', name: 'metric' };
const builtIn: ResolvedMetric = { kind: 'builtin', name: 'exactMatch', field: 'answer' };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bettertogether-rows-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function load(
  row: unknown,
  metric: ResolvedMetric = code,
  name = 'rows.jsonl',
  inputs: readonly string[] | null = null,
) {
  const file = join(folder, name);
  writeFileSync(file, typeof row === 'string' ? row : JSON.stringify(row));
  return loadDataset(file, inputs, metric);
}

const answered = { answer: 'London', reasoning: 'because' };

describe('a row with what was answered', () => {
  it.each([code, builtIn])('is one like any when it is labelled, without the answer', async (metric) => {
    const { examples } = await load({ question: 'Capital of France?', answer: 'Paris', _answered: answered }, metric);
    expect(examples).toEqual([
      {
        id: 0,
        inputs: { question: 'Capital of France?' },
        fields: { question: 'Capital of France?', answer: 'Paris' },
      },
    ]);
  });

  it.each([null, ''])('with the label %j is refused, by file, line and field', async (answer) => {
    await expect(load({ question: 'q', answer, _answered: answered })).rejects.toThrow(
      /rows\.jsonl:1: "answer" has no label yet/,
    );
  });

  it('without any label is refused, whatever the metric', async () => {
    await expect(load({ question: 'q', _answered: answered })).rejects.toThrow('the row has no label');
    await expect(load({ question: 'q', _answered: answered }, builtIn)).rejects.toThrow('the row has no label');
  });

  it('0, false and an empty list are labels', async () => {
    for (const answer of [0, false, []]) {
      const { examples } = await load({ question: 'q', answer, _answered: answered });
      expect(examples[0]!.fields).toEqual({ question: 'q', answer });
    }
  });

  it('may have gone through a spreadsheet', async () => {
    const csv = (label: string) => `question,answer,_answered\nq,${label},"{""answer"": ""London""}"\n`;
    expect((await load(csv('Paris'), code, 'rows.csv')).examples[0]!.fields).toEqual({
      question: 'q',
      answer: 'Paris',
    });
    await expect(load(csv(''), code, 'rows.csv')).rejects.toThrow(/rows\.csv:2: "answer" has no label yet/);
  });

  it.each(['garbage', 7, ['answer'], '[]', true])('that is %j, and no object, is refused', async (spoiled) => {
    await expect(load({ question: 'q', answer: 'a', _answered: spoiled })).rejects.toThrow(
      /rows\.jsonl:1: "_answered" is no object/,
    );
  });

  it.each([{}, null, '{}', ''])('where %j was answered needs a field that is no input', async (nothing) => {
    const of = (more: object, inputs: readonly string[] | null, metric: ResolvedMetric = code) =>
      load({ question: 'q', ...more, _answered: nothing }, metric, 'rows.jsonl', inputs);
    await expect(of({}, null)).rejects.toThrow(/nothing says which one is the label\. Name "inputs"/);
    await expect(of({ answer: 'a' }, null)).rejects.toThrow(/nothing says which one is the label/);
    await expect(of({}, ['question'])).rejects.toThrow(/rows\.jsonl:1: the row has no label/);
    await expect(of({ answer: ' ' }, ['question'])).rejects.toThrow('the row has no label');
    await expect(of({ other: 'a' }, null, builtIn)).rejects.toThrow('the row has no label');
    expect((await of({ answer: 'a' }, ['question'])).examples[0]).toEqual({
      ...{ id: 0, inputs: { question: 'q' }, fields: { question: 'q', answer: 'a' } },
    });
    expect((await of({ answer: 'a' }, null, builtIn)).examples[0]!.inputs).toEqual({ question: 'q' });
  });
});
