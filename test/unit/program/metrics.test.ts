import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/base/errors.ts';
import type { JsonValue } from '../../../src/base/json.ts';
import { builtInMetric } from '../../../src/program/builtInMetric.ts';

const score = (spec: string, gold: JsonValue, said: JsonValue): number | boolean =>
  builtInMetric(spec)!({ answer: gold }, { answer: said });

describe('exactMatch', () => {
  it.each([
    ['Paris', ' paris. ', true],
    ['New  York', 'new york', true],
    ["it's", 'its', true],
    ['Paris', 'Paris, France', false],
    ['the cat', 'cat', false],
    ['a', '', false],
    [3, '3', true],
    [3, '3.0', true],
    ['3.5', '35', false],
    ['3', '-3', false],
    [true, 'True', true],
    [['Paris', 'Lutetia'], 'lutetia', true],
    [[], 'x', false],
  ] as const)('%j, %j: %s', (gold, said, equal) => {
    expect(score('exactMatch:answer', gold, said)).toBe(equal);
  });
});

describe('lastNumber', () => {
  it.each([
    [72, 'So 48 + 24 = 72.', true],
    ['She sold 24.\n#### 72', '72', true],
    [1234.5, 'It costs $1,234.50', true],
    [-3, 'x = -3', true],
    [3, '5-3', true],
    [72, '71\n72', false],
    [72, '\n72\nor 71', true],
    [72, 'no number', false],
    [0.5, '.5', true],
  ] as const)('%j, %j: %s', (gold, said, equal) => {
    expect(score('lastNumber:answer', gold, said)).toBe(equal);
  });
  it('wants a number in the row', () => {
    expect(() => score('lastNumber:answer', 'none', '1')).toThrow(/example's 'answer' holds no number/);
  });
});

describe('f1', () => {
  it.each([
    ['the Eiffel Tower', 'Eiffel tower, Paris', 0.8],
    ['a b b', 'b', (2 * (1 * 0.5)) / 1.5],
    ['x', 'y', 0],
    ['yes', 'yes it is', 0],
    ['yes', 'Yes.', 1],
    [['Rome', 'Paris'], 'paris', 1],
    ['', '', 0],
  ] as const)('%j, %j: %d', (gold, said, expected) => {
    expect(score('f1:answer', gold, said)).toBeCloseTo(expected, 10);
  });
});

describe('the names of metrics', () => {
  it('leaves file#function to the user', () => {
    expect(builtInMetric('metric.ts#score')).toBeUndefined();
  });
  it.each([
    ['exactmatch:answer', "Unknown metric 'exactmatch:answer'. Use exactMatch:<field>, lastNumber:<field>, f1:<field>"],
    ['exactMatch', 'must name one field, as in exactMatch:answer'],
    ['f1:a:b', 'must name one field'],
    ['constructor:a', 'Unknown metric'],
  ])('%s', (spec, message) => {
    expect(() => builtInMetric(spec)).toThrow(UsageError);
    expect(() => builtInMetric(spec)).toThrow(message);
  });
  it('say which field is missing where', () => {
    expect(() => builtInMetric('f1:answer')!({ question: 'q' }, { answer: 'a' })).toThrow(
      "the field 'answer', which the example does not have (it has: question)",
    );
    expect(() => builtInMetric('f1:answer')!({ answer: 'q' }, {})).toThrow(/which the prediction does not have/);
  });
});
