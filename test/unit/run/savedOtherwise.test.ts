import { expect, it } from 'vitest';
import type { Fields } from '../../../src/base/json.ts';
import { savedOtherwise } from '../../../src/run/export/savedOtherwise.ts';

const told = (fields: Fields): readonly string[] => {
  const demos = [
    { fields: { plain: 1 }, augmented: false },
    { fields, augmented: true },
  ];
  const changes = savedOtherwise({ predictors: { ask: { instructions: 'i', demos, model: 'm' } } });
  return changes.map(({ predictor, demo, field, was, becomes }) => `${predictor} ${demo} ${field}: ${was}, ${becomes}`);
};
const nan = { $exact: 'float', value: 'nan' };
const day = { $exact: 'date', value: '2024-01-31' };

it.each<[string, Fields, readonly string[]]>([
  ['numbers that are none', { x: nan, y: { $exact: 'float', value: '-inf' } }, ['x: NaN, null', 'y: -infinity, null']],
  ['numbers that are', { x: 2, y: { $exact: 'float', value: '2.0' }, z: { $exact: 'int', value: '9' } }, []],
  ['dates within lists and dicts', { x: [{ at: [1, day] }] }, ['x[0].at[1]: a date, text']],
  [
    'tuples, and what is in them',
    { x: { $exact: 'tuple', value: [1, nan] } },
    ['x: a tuple, a list', 'x[1]: NaN, null'],
  ],
  [
    'examples, and what is in them',
    { x: { $exact: 'example', value: [{ a: day }, null], shown: { a: '2024-01-31' } } },
    ['x: an Example, a dict', 'x.a: a date, text'],
  ],
  [
    'objects',
    {
      x: { $exact: 'object', value: { a: day }, shown: { a: '2024-01-31' } },
      y: { $exact: 'row', value: [], shown: 1 },
    },
    ["x: an object of the program's, a dict", "y: an object of the program's, a number"],
  ],
  ['plain JSON', { x: [null, true, 'a', { b: 1.5 }] }, []],
])('tells of %s', (_what, fields, changes) => {
  expect(told(fields)).toEqual(changes.map((change) => `ask 2 ${change}`));
});
