import { describe, expect, it } from 'vitest';
import { isExact, shownFields, shownValue } from '../../../src/base/exact.ts';

describe('what people see of tagged values', () => {
  it.each([
    [{ $exact: 'float', value: '2.0' }, 2],
    [{ $exact: 'float', value: 'nan' }, 'nan'],
    [{ $exact: 'int', value: '9007199254740993' }, '9007199254740993'],
    [{ $exact: 'date', value: '2024-01-31' }, '2024-01-31'],
    [{ $exact: 'tuple', value: [1, { $exact: 'float', value: '0.0' }] }, [1, 0]],
    [{ $exact: 'bytes', value: 'AA==', shown: "b'\\x00'" }, "b'\\x00'"],
    [{ $exact: 'row', value: ['rows.py#train', 'mood', 'hash'], shown: 'good' }, 'good'],
    [{ deep: [{ $exact: 'date', value: '2024-01-31' }] }, { deep: ['2024-01-31'] }],
  ])('%j is %j', (value, shown) => {
    expect(shownValue(value)).toEqual(shown);
  });

  it('is the very value where there are no tags', () => {
    const fields = { question: 'q', context: ['a', { b: null }] };
    expect(shownFields(fields)).toBe(fields);
  });

  it.each([
    { $exact: 'no such kind', value: 1 },
    { $exact: 'int', value: '1', more: 1 },
    { $exact: 'int' },
    { $exact: 3, value: 1 },
  ])('data that looks like a tag is data: %j', (value) => {
    expect(isExact(value)).toBe(false);
    expect(shownValue(value)).toEqual(value);
  });
});
