import { describe, expect, it } from 'vitest';
import { plainFields } from '../../../src/host/node/plainFields.ts';

describe('plainFields', () => {
  it('copies data, asks toJSON and leaves undefined out', () => {
    class Prediction {
      answer = 'x';
      list = [1, undefined, { deep: true }];
      when = new Date(0);
      none = undefined;
      empty = null;
    }
    expect(plainFields(new Prediction())).toEqual({
      answer: 'x',
      list: [1, null, { deep: true }],
      when: { $exact: 'datetime', value: '1970-01-01T00:00:00.000+00:00', shown: '1970-01-01T00:00:00.000Z' },
      empty: null,
    });
  });

  it('keeps what JSON does not know', () => {
    expect(
      plainFields({
        small: 2n,
        large: [2n ** 64n],
        none: Number.NaN,
        least: -Infinity,
        map: new Map<unknown, unknown>([[1, 2n ** 53n]]),
        set: new Set(['a']),
        like: { $exact: 'int', value: '1' },
        half: '\ud83d',
      }),
    ).toEqual({
      small: { $exact: 'int', value: '2', shown: 2 },
      large: [{ $exact: 'int', value: '18446744073709551616' }],
      none: { $exact: 'float', value: 'nan' },
      least: { $exact: 'float', value: '-inf' },
      map: {
        $exact: 'dict',
        value: [[1, { $exact: 'int', value: '9007199254740992' }]],
        shown: { '1': '9007199254740992' },
      },
      set: { $exact: 'set', value: ['a'] },
      like: {
        $exact: 'dict',
        value: Object.entries({ $exact: 'int', value: '1' }),
        shown: { $exact: 'int', value: '1' },
      },
      half: '\ud83d',
    });
  });

  it('takes an object whose fields are called as those of tags', () => {
    expect(plainFields({ $exact: 'int', value: 2n ** 53n })).toEqual({
      $exact: 'int',
      value: { $exact: 'int', value: '9007199254740992' },
    });
  });

  it('lets the same object stand twice', () => {
    const shared = { a: 1 };
    expect(plainFields({ x: shared, y: [shared] })).toEqual({ x: shared, y: [shared] });
  });

  it('keeps a field called __proto__ a field', () => {
    const plain = plainFields(JSON.parse('{"a":{"__proto__":{"polluted":1}}}'));
    expect(JSON.stringify(plain)).toBe('{"a":{"__proto__":{"polluted":1}}}');
    expect((plain.a as { polluted?: number }).polluted).toBeUndefined();
  });

  const circular: Record<string, unknown> = {};
  circular.self = { circular };
  it.each([
    [undefined, 'returned nothing'],
    [null, 'returned null'],
    ['text', 'returned a string'],
    [[1], 'returned a list'],
    [{ answer: () => 1 }, 'prediction.answer is a function'],
    [new Map([['a', 1]]), 'returned a Map'],
    [new Date(0), 'returned a Date'],
    [{ a: new Uint8Array(1) }, 'prediction.a is a Uint8Array'],
    [{ a: Promise.resolve(1) }, 'is an await missing'],
    [circular, 'contains itself'],
  ])('refuses %o', (value, message) => {
    expect(() => plainFields(value)).toThrow(message);
  });
});
