import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../../src/config/dataset.ts';
import { contentHash } from '../../../src/base/contentHash.ts';
import type { Fields } from '../../../src/base/json.ts';
import { hashOfMade, rowsFor } from '../../../src/run/data/loadData.ts';
import { dataWarnings } from '../../../src/run/data/dataWarnings.ts';

function datasetOf(file: string, rows: readonly Fields[], inputs: readonly string[] = ['question']): Dataset {
  const called = (row: Fields) => Object.fromEntries(Object.entries(row).filter(([name]) => inputs.includes(name)));
  return { file, sha256: file, examples: rows.map((row, id) => ({ id, inputs: called(row), fields: row })) };
}

const asked = (from: number, to: number): Fields[] =>
  Array.from({ length: to - from }, (_, i) => ({ question: `What is ${from + i}?`, answer: `${from + i}` }));

describe('rowsFor', () => {
  it('holds out the same fifth of train whatever a run does, and nothing of it is trained on', () => {
    const datasets = { train: datasetOf('train.jsonl', asked(0, 50)), dev: null, test: null, live: {} };
    const { train, dev } = rowsFor(datasets);
    expect(dev).toHaveLength(10);
    expect(train.map(({ id }) => id).filter((id) => dev.some((row) => row.id === id))).toEqual([]);
    expect(rowsFor(datasets).dev).toEqual(dev);
  });
});

describe('hashOfMade', () => {
  const row = { fields: { question: 'q' }, inputs: ['question'] };

  it('is the same whether or not the class of a row is known, for runs that began before it was', () => {
    const before = contentHash([row, { fields: row.fields, hash: 'h' }]);
    expect(
      hashOfMade([
        { ...row, classHash: 'class h' },
        { fields: row.fields, hash: 'h' },
      ]),
    ).toBe(before);
    expect(hashOfMade([row, { fields: row.fields, hash: 'other' }])).not.toBe(before);
  });
});

describe('dataWarnings', () => {
  const train = datasetOf('/w/train.jsonl', asked(0, 40));

  it('says which rows are in two splits', () => {
    expect(dataWarnings(rowsFor({ train, dev: train, test: null, live: {} }))).toEqual([
      '40 of 40 dev rows are also in train: the dev score says less about new rows.',
    ]);
    const test = datasetOf('/w/test.jsonl', [...asked(38, 40), ...asked(100, 110)]);
    expect(dataWarnings(rowsFor({ train, dev: datasetOf('/w/dev.jsonl', asked(50, 60)), test, live: {} }))).toEqual([
      '2 of 12 test rows are also in train: the test score says less about new rows.',
    ]);
  });

  it('is silent about the few that short rows have in common by chance, and about rows held out', () => {
    const dev = datasetOf('/w/dev.jsonl', [...asked(39, 40), ...asked(100, 140)]);
    expect(dataWarnings(rowsFor({ train, dev, test: null, live: {} }))).toEqual([]);
    expect(dataWarnings(rowsFor({ train, dev: null, test: null, live: {} }))).toEqual([]);
  });

  it('tells of labels that are empty in all rows, once of a file', () => {
    const rows = asked(0, 40).map(({ question }) => ({ question: question!, answer: '' }));
    const empty = datasetOf('/w/empty.csv', rows);
    const told = (data: Dataset, dev: Dataset) =>
      dataWarnings(rowsFor({ train: data, dev, test: null, live: {} })).filter((warning) => warning.includes('No row'));
    const warning =
      'No row of empty.csv has anything in "answer". If the metric compares predictions with it, the scores say nothing.';
    expect(told(empty, empty)).toEqual([warning]);
    expect(told(train, empty)).toEqual([warning]);
    expect(told(train, train)).toEqual([]);
  });

  it('names the rows without a field that most have', () => {
    const misspelt = [...asked(0, 3), { qestion: 'What is 3?', answer: '3' }, ...asked(4, 10)];
    const rows = datasetOf('/w/train.jsonl', misspelt, ['question', 'qestion']);
    const dev = datasetOf('/w/dev.jsonl', asked(50, 60));
    expect(dataWarnings(rowsFor({ train: rows, dev, test: null, live: {} }))).toEqual([
      '1 row of train.jsonl has no field "question", which the other 9 are called with; the first is row 4.',
    ]);
  });

  it('names the rows without a label that most have, be it missing, null or an empty column', () => {
    const rows: Fields[] = asked(0, 10).map(({ question }) => ({ question: question!, queue: 'mail', note: '' }));
    rows[3] = { question: 'lost' };
    rows[5] = { ...rows[5], queue: '' };
    rows[6] = { ...rows[6], queue: null };
    const dev = datasetOf('/w/dev.jsonl', asked(50, 60));
    expect(dataWarnings(rowsFor({ train: datasetOf('/w/train.csv', rows), dev, test: null, live: {} }))).toEqual([
      '3 rows of train.csv have nothing in "queue", which the other 7 have; the first is row 4.',
    ]);
  });

  it.each<[string, Fields, number]>([
    ['half of the rows', {}, 5],
    ['most of the rows', {}, 7],
    ['rows where pandas has NaN', { answer: { $exact: 'float', value: 'nan' } }, 6],
  ])('says a label that is missing in %s', (_, without, missing) => {
    const rows = asked(0, 10).map((row, i): Fields => (i < missing ? { question: row['question']!, ...without } : row));
    const dev = datasetOf('/w/dev.jsonl', asked(50, 60));
    expect(dataWarnings(rowsFor({ train: datasetOf('/w/train.csv', rows), dev, test: null, live: {} }))).toEqual([
      `${missing} rows of train.csv have nothing in "answer", which the other ${10 - missing} have; the first is row 1.`,
    ]);
  });

  it('names the first of many fields', () => {
    const wide: Fields = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`f${i}`, 'x']));
    const rows: Fields[] = asked(0, 10).map((row, i) => (i === 0 ? row : { ...row, ...wide }));
    const dev = datasetOf('/w/dev.jsonl', asked(50, 60));
    const warnings = dataWarnings(rowsFor({ train: datasetOf('/w/train.csv', rows), dev, test: null, live: {} }));
    expect(warnings).toHaveLength(4);
    expect(warnings[3]).toBe('6 more fields of train.csv are not in all rows.');
  });
});
