import { describe, expect, it } from 'vitest';
import { fieldsRead, NumberRangeError, parseExactJson } from '../../../src/base/exactJson.ts';
import type { Fields } from '../../../src/base/json.ts';

const float = (value: string) => ({ $exact: 'float', value });
const int = (value: string) => ({ $exact: 'int', value });

describe('parseExactJson', () => {
  it.each([
    ['2', 2],
    ['2.0', float('2.0')],
    ['-0.0', float('-0.0')],
    ['2.50', 2.5],
    ['0.1234567890123456789', 0.12345678901234568],
    ['1e5', float('100000.0')],
    ['1E+16', float('1e+16')],
    ['1.5e300', float('1.5e+300')],
    ['1e-7', 1e-7],
    ['1e-400', float('0.0')],
    ['0.99999999999999999999', float('1.0')],
    ['1700000000.00000001', float('1700000000.0')],
    ['1700000000.25', 1700000000.25],
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', int('9007199254740992')],
    ['-12345678901234567890', int('-12345678901234567890')],
    ['12345678901234567890.0', float('1.2345678901234567e+19')],
  ])('reads %s as Python does, wherever it stands', (text, value) => {
    expect(parseExactJson(text)).toEqual(value);
    expect(parseExactJson(`{"a": [1,${text} ,{"b":${text}}]}`)).toEqual({ a: [1, value, { b: value }] });
  });

  it.each(['{"a": "12345678901234567890, 2.0: 3.0"}', '{"a":1,"a":2.5}', '{"__proto__": {"x": 1}}', '[]', '"\\ud83d"'])(
    'gives what JSON.parse gives where nothing can be lost: %s',
    (text) => expect(parseExactJson(text)).toEqual(JSON.parse(text)),
  );

  it('takes the last of keys that come twice, and keeps a key called __proto__', () => {
    const value = parseExactJson('{"a":1,"a":3.0,"__proto__":{"x":2.0}}') as Fields;
    expect(Object.entries(value)).toEqual([
      ['a', float('3.0')],
      ['__proto__', { x: float('2.0') }],
    ]);
  });

  it.each(['{"x": {"$exact": "row", "value": 2.0}}', '{"x": {"\\u0024exact": "row", "value": 2}}'])(
    'does not take data that looks like a tag for one: %s',
    (text) => {
      const { x } = parseExactJson(text) as { readonly x: Fields };
      expect(x).toMatchObject({ $exact: 'dict', shown: { $exact: 'row', value: 2 } });
    },
  );

  it('gives the fields of a row also where one of them is called as tags are', () => {
    expect(fieldsRead(parseExactJson('{"$exact": "int", "value": 3.0}') as Fields)).toEqual({
      $exact: 'int',
      value: float('3.0'),
    });
  });

  it('keeps tags in a record of ours, and reads numbers there as well', () => {
    const text = '{"a":{"$exact":"uuid","value":"1"},"b":12345678901234567890}';
    expect(parseExactJson(text, { objects: 'tags' })).toEqual({
      a: { $exact: 'uuid', value: '1' },
      b: int('12345678901234567890'),
    });
  });

  it('reads floats as numbers for a program in JavaScript, integers without loss', () => {
    expect(parseExactJson('[2.0, 1e3, 12345678901234567890]', { floats: 'numbers' })).toEqual([
      2,
      1000,
      int('12345678901234567890'),
    ]);
  });

  it.each([
    ['1e400', 'the number 1e400 is larger than any float'],
    [`${'9'.repeat(400)}.5`, 'is larger than any float'],
    ['9'.repeat(4301), 'has more than 4300 digits'],
  ])('refuses what Python would not take as a number', (text, message) => {
    expect(() => parseExactJson(`[${text}]`)).toThrow(NumberRangeError);
    expect(() => parseExactJson(`[${text}]`)).toThrow(message);
  });

  it.each(['{"a": 01.0}', '{"a": 1.}', '[1,]', '{"a": NaN}'])('refuses %s as JSON.parse does', (text) => {
    expect(() => parseExactJson(text)).toThrow(SyntaxError);
  });
});
