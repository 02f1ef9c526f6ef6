import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/base/errors.ts';
import { checkFolds, foldsOf } from '../../../src/engine/folds.ts';
import { PythonRandom } from '../../../src/engine/pythonRandom.ts';
import { examples } from './fakes.ts';

describe('the folds of rows', () => {
  it('go by place in the order that is given, and no two differ in size by more than one row', () => {
    const rows = new PythonRandom(3).shuffle(examples(23));
    const folds = foldsOf(rows, 5);
    expect(rows.map((row) => folds.get(row))).toEqual(rows.map((_, place) => place % 5));
    const sizes = [0, 1, 2, 3, 4].map((fold) => [...folds.values()].filter((each) => each === fold).length);
    expect(sizes).toEqual([5, 5, 5, 4, 4]);
  });

  it('are one a row where there are as many', () => {
    expect([...foldsOf(examples(4), 4).values()]).toEqual([0, 1, 2, 3]);
  });

  it('keep rows together that ask the same, whatever their labels and other columns say', () => {
    const rows = examples(6);
    const [first] = rows as [(typeof rows)[0]];
    const again = { ...first, id: 6, fields: { ...first.fields, answer: 'another', source: 'copied' } };
    const folds = foldsOf([...rows, again], 4);
    expect(folds.get(again)).toBe(folds.get(first));
    expect(folds.get(rows[5]!)).toBe(1);
  });
});

describe('the folds of rows that ask the same', () => {
  it('are as many as there are different rows for, in whatever order they come', () => {
    const twice = examples(3).flatMap((row) => [row, { ...row, id: row.id + 3 }]);
    expect([...foldsOf(twice, 2).values()]).toEqual([0, 0, 1, 1, 0, 0]);
  });
});

describe('the number of folds', () => {
  const check = (change: Partial<Parameters<typeof checkFolds>[0]>, rows = 20) => {
    checkFolds({ folds: 5, train: null, validation: null, ...change }, rows, 'steps.long');
  };

  it('may be that of the rows, and no more', () => {
    check({ folds: 20 });
    expect(() => {
      check({ folds: 21 });
    }).toThrow(UsageError);
    expect(() => {
      check({ folds: 21 });
    }).toThrow('"steps.long.folds" (21) needs at least 21 training rows, one a fold; train has 20. Lower it to 20');
  });

  it.each([
    [{ train: 5 }, '"steps.long.train" (5) takes', 'or the other.'],
    [{ validation: 9 }, '"steps.long.validation" (9) takes', 'or the other.'],
    [{ train: 5, validation: 9 }, '"steps.long.train" (5) and "steps.long.validation" (9) take', 'or the others.'],
  ])('does not go with a part of the rows: %o', (sizes, named, end) => {
    for (const part of ['"steps.long.folds" (5)', named, `Leave out "steps.long.folds" ${end}`]) {
      expect(() => {
        check(sizes);
      }).toThrow(part);
    }
  });
});
