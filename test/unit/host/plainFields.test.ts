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
      when: '1970-01-01T00:00:00.000Z',
      empty: null,
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
    [{ a: [1, 2n] }, 'prediction.a[1] is a bigint'],
    [{ a: Number.NaN }, 'prediction.a is NaN'],
    [{ a: new Map() }, 'prediction.a is a Map'],
    [{ a: Promise.resolve(1) }, 'is an await missing'],
    [circular, 'contains itself'],
  ])('refuses %o', (value, message) => {
    expect(() => plainFields(value)).toThrow(message);
  });
});
