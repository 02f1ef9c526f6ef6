import { describe, expect, it } from 'vitest';
import { categoriesOf, confusionOf } from '../../../src/page/confusion.ts';
import { predictionRows } from '../../../src/page/predictions.ts';
import type { Fields } from '../../../src/base/json.ts';
import type { Example } from '../../../src/data/program.ts';

const row = (id: number, labels: Fields): Example => ({
  id,
  inputs: { ticket: `ticket ${id}` },
  fields: { ticket: `ticket ${id}`, ...labels },
});
const byId = (rows: readonly Example[]) => new Map(rows.map((one) => [one.id, one]));

describe('what a program gave on a row', () => {
  const given = (prediction: Fields | null) => () => ({ trace: 7, prediction });

  it('is shown by the fields that the row has labels for, with those that differ', () => {
    const rows = byId([row(0, { queue: 'billing', urgent: true })]);
    const prediction = { reasoning: 'long', queue: 'billing', urgent: 'true' };
    expect(predictionRows([0], [given(prediction), given(null), () => null], rows)).toEqual([
      {
        example: 0,
        labels: [
          { field: 'queue', text: 'billing' },
          { field: 'urgent', text: 'true' },
        ],
        predictions: [
          {
            trace: 7,
            fields: [
              { field: 'queue', text: 'billing', differs: false },
              { field: 'urgent', text: 'true', differs: true },
            ],
          },
          null,
          null,
        ],
      },
    ]);
  });

  it('is shown as it is where no label has its name, or the data cannot be read', () => {
    const [known] = predictionRows([0], [given({ answer: 'a\n b' })], byId([row(0, { gold: 'x' })]));
    expect(known!.predictions[0]!.fields).toEqual([{ field: 'answer', text: 'a b', differs: false }]);
    const [unknown] = predictionRows([4], [given({ answer: 'a' })], new Map());
    expect(unknown).toMatchObject({ example: 4, labels: [], predictions: [{ fields: [{ text: 'a' }] }] });
  });
});

describe('the confusion of labels', () => {
  it('is there for labels that are few and short, and not the same everywhere', () => {
    const rows = Array.from({ length: 30 }, (_, i) =>
      row(i, { queue: `q${i % 3}`, same: 'x', each: `${i}`, long: 'y'.repeat(41 + (i % 2)), urgent: i % 2 === 0 }),
    );
    expect(categoriesOf(rows)).toEqual(['queue', 'urgent']);
    expect(categoriesOf([])).toEqual([]);
  });

  it('has each row by label and prediction, what is no label after the labels', () => {
    const rows = ['a', 'b', 'a', 'b', 'a'].map((queue, id) => row(id, { queue }));
    const given = new Map<number, Fields | null>([
      [0, { queue: 'a' }],
      [1, { queue: 'A.' }],
      [2, { queue: 'b' }],
      [3, null],
    ]);
    // The last row was not run.
    expect(confusionOf('queue', rows, given)).toEqual({
      field: 'queue',
      values: ['a', 'b', 'A.'],
      rows: [
        [0, 0, 0],
        [1, 1, 2],
        [2, 0, 1],
        [3, 1, null],
      ],
    });
  });

  it('puts what is rare or long under another value', () => {
    const rows = Array.from({ length: 40 }, (_, id) => row(id, { queue: id % 2 === 0 ? 'a' : 'b' }));
    const given = new Map(rows.map(({ id }) => [id, { queue: id < 20 ? 'often' : `x${id}${'!'.repeat(id)}` }]));
    const { values, rows: all } = confusionOf('queue', rows, given);
    expect(values.slice(0, 3)).toEqual(['a', 'b', 'often']);
    expect(values).toHaveLength(12);
    expect(all.at(-1)).toEqual([39, 1, -1]);
  });
});
