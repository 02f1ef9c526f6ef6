import { describe, expect, it } from 'vitest';
import { exactText } from '../../../src/base/exact.ts';
import type { JsonValue } from '../../../src/base/json.ts';
import { asDspySaves } from '../../../src/run/export/dspyValue.ts';

const saved = (value: JsonValue): string => exactText(asDspySaves(value, 'The field "x"'));

describe('what DSPy saves', () => {
  it.each<[JsonValue, string]>([
    [{ $exact: 'float', value: '2.0' }, '2.0'],
    [2, '2'],
    [{ $exact: 'float', value: 'nan' }, 'null'],
    [{ $exact: 'int', value: '1610521604143693812' }, '1610521604143693812'],
    [{ $exact: 'date', value: '2024-01-31' }, '"2024-01-31"'],
    [{ $exact: 'row', value: ['r.py#t', 'mood', 'hash'], shown: { $exact: 'float', value: '1.0' } }, '1.0'],
    [[], '[]'],
    [{ $exact: 'tuple', value: [1, { $exact: 'float', value: '0.0' }] }, '[\n  1,\n  0.0\n]'],
    [{ $exact: 'numpy', value: ['<U3', null, ['abc']] }, '"abc"'],
    [{ a: { b: [true, null, 'é'] } }, '{\n  "a": {\n    "b": [\n      true,\n      null,\n      "é"\n    ]\n  }\n}'],
  ])('%j as %j', (value, text) => {
    expect(saved(value)).toBe(text);
  });

  it.each<[JsonValue, string]>([
    [{ $exact: 'set', value: [1] }, 'Type is not JSON serializable: set'],
    [[{ $exact: 'decimal', value: '1.5' }], 'Type is not JSON serializable: decimal.Decimal'],
    [{ $exact: 'numpy', value: ['<f4', null, [1.5]] }, 'Type is not JSON serializable: numpy.float32'],
    [{ $exact: 'numpy', value: ['|b1', null, [true]] }, 'Type is not JSON serializable: numpy.bool'],
    [{ $exact: 'numpy', value: ['<U3', [1], ['abc']] }, 'Type is not JSON serializable: numpy.ndarray'],
    [{ $exact: 'int', value: String(2n ** 64n) }, 'Integer exceeds 64-bit range'],
    [{ $exact: 'dict', value: [[1, 'a']], shown: { '1': 'a' } }, 'Dict key must be str'],
    [{ $exact: 'object', value: [1], shown: [1], unsaved: 'Type is not JSON serializable: Pair' }, 'Pair'],
  ])('%j is refused with the cause', (value, cause) => {
    expect(() => saved(value)).toThrow(cause);
  });
});
