import { expect, it } from 'vitest';
import { withoutIndex } from '../../../src/config/pandasIndex.ts';
import type { Fields } from '../../../src/base/json.ts';

const fieldsLeft = (...rows: Fields[]) =>
  withoutIndex(rows.map((fields, i) => ({ place: `row ${i + 1}`, fields }))).map(({ fields }) => fields);

it('is left out, also twice, shuffled, and as numbers', () => {
  expect(
    fieldsLeft({ 'Unnamed: 0.1': '0', 'Unnamed: 0': '17', q: 'a' }, { 'Unnamed: 0.1': '1', 'Unnamed: 0': '3', q: 'b' }),
  ).toEqual([{ q: 'a' }, { q: 'b' }]);
  expect(fieldsLeft({ 'Unnamed: 0': 4, q: 'a' })).toEqual([{ q: 'a' }]);
});

it.each([
  ['numbers twice', '0', '0'],
  ['labels', 'x', 'y'],
  ['other numbers', '0.5', '1.5'],
])('is a column like others where it holds %s', (_, first, second) => {
  const rows = [
    { 'Unnamed: 0': first, q: 'a' },
    { 'Unnamed: 0': second, q: 'b' },
  ];
  expect(fieldsLeft(...rows)).toEqual(rows);
});

it('is nothing else that has no name', () => {
  expect(fieldsLeft({ 'Unnamed: 1': '0' }, { 'Unnamed: 1': '1' })).toHaveLength(2);
  expect(fieldsLeft({ 'Unnamed: 1': '0' })[0]).toHaveProperty('Unnamed: 1');
  expect(fieldsLeft()).toEqual([]);
});
