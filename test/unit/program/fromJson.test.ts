import { describe, expect, it } from 'vitest';
import type { FieldType } from '../../../src/data/program.ts';
import { fromJson, fromJsonAs } from '../../../src/program/values/fromJson.ts';
import { toJson } from '../../../src/program/values/toJson.ts';

const long = { $exact: 'int', value: '12345678901234567890' };

describe('what toJson writes comes back', () => {
  it.each([
    [12345678901234567890n],
    [Number.NaN],
    [Infinity],
    [new Date(1234)],
    [
      new Map<unknown, unknown>([
        ['a', 1],
        [2, new Set([2n ** 60n])],
      ]),
    ],
    [{ $exact: 'int', value: '1', further: [2n ** 60n] }],
    [{ a: [null, true, 'text', 0.5, '\ud83d'] }],
    [JSON.parse('{"__proto__": {"x": 1}}')],
  ])('%o', (value: unknown) => {
    const json = JSON.parse(JSON.stringify(toJson(value, 'value')));
    expect(fromJson(json)).toEqual(value);
  });
});

describe('fromJson', () => {
  it('gives floats as numbers, and what only Python has as people see it', () => {
    expect(
      fromJson([
        { $exact: 'float', value: '2.0' },
        { $exact: 'float', value: '1e+16' },
      ]),
    ).toEqual([2, 1e16]);
    expect(fromJson({ $exact: 'tuple', value: [1, { $exact: 'decimal', value: '1.10' }] })).toEqual([1, '1.10']);
    expect(fromJson({ $exact: 'bytes', value: 'eA==', shown: "b'x'" })).toBe("b'x'");
  });

  it('leaves data alone that only looks a little like a tag', () => {
    const data = { $exact: 'nothing known', value: 1 };
    expect(fromJson(data)).toEqual(data);
  });
});

describe('fromJsonAs', () => {
  const bigints: FieldType = { kind: 'dict', values: { kind: 'list', items: { kind: 'bigint' } } };

  it('makes bigints of all integers where the type says so', () => {
    expect(fromJsonAs({ kind: 'bigint' }, 5, 'x')).toBe(5n);
    expect(fromJsonAs(bigints, { a: [1, long] }, 'x')).toEqual({ a: [1n, 12345678901234567890n] });
    expect(fromJsonAs({ kind: 'optional', of: { kind: 'bigint' } }, null, 'x')).toBeNull();
  });

  it.each<FieldType>([{ kind: 'string' }, { kind: 'any' }, { kind: 'list', items: { kind: 'any' } }])(
    'keeps a long integer exactly where no number is asked for: %o',
    (type) => {
      expect(fromJsonAs(type, type.kind === 'list' ? [long] : long, 'x')).toEqual(
        type.kind === 'list' ? [12345678901234567890n] : 12345678901234567890n,
      );
    },
  );

  it.each<FieldType>([{ kind: 'int' }, { kind: 'float' }, { kind: 'optional', of: { kind: 'int' } }])(
    'refuses a long integer that is to be a number: %o',
    (type) => {
      expect(() => fromJsonAs(type, long, 'The field "id" of row 3')).toThrow(
        'The field "id" of row 3 is 12345678901234567890, which does not fit a JavaScript number. Say bigint',
      );
      expect(() => fromJsonAs({ kind: 'list', items: type }, [1, long], 'ids')).toThrow(
        'ids[1] is 12345678901234567890',
      );
    },
  );
});
