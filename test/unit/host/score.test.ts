import { describe, expect, it } from 'vitest';
import { ratingOf, scoreOf } from '../../../src/host/node/score.ts';

describe('scoreOf', () => {
  it.each([
    [true, 1],
    [false, 0],
    [0.25, 0.25],
    [0, 0],
    [1, 1],
  ])('%s is %s', (value, score) => {
    expect(scoreOf(value, [0, 1], 'm.ts#metric', 0)).toBe(score);
  });

  it.each([
    [Number.NaN, 'NaN'],
    [1.01, '1.01'],
    [-0.1, '-0.1'],
    [Infinity, 'Infinity'],
    ['good', 'the text "good"'],
    [undefined, 'nothing'],
    [null, 'null'],
    [[1], 'a list'],
    [{}, 'an object'],
  ])('%s is an error that names metric and row', (value, told) => {
    expect(() => scoreOf(value, [0, 1], 'm.ts#metric', 11)).toThrow(
      `The metric m.ts#metric returned ${told} for row 12. It must return true, false or a number from 0 to 1`,
    );
  });

  it('holds numbers to the range of the configuration', () => {
    expect(scoreOf(7, [0, 10], 'm', 0)).toBe(7);
    expect(() => scoreOf(11, [0, 10], 'm', 0)).toThrow('from 0 to 10');
    expect(() => scoreOf(11, [0, 10], 'm', 0)).toThrow(expect.objectContaining({ returned: 11 }) as Error);
    expect(() => scoreOf(Number.NaN, [0, 10], 'm', 0)).toThrow(
      expect.objectContaining({ returned: undefined }) as Error,
    );
  });

  it('takes true and false as the ends of the range', () => {
    expect(scoreOf(true, [0, 5], 'm.ts#metric', 0)).toBe(5);
    expect(scoreOf(false, [1, 5], 'm.ts#metric', 0)).toBe(1);
  });
});

describe('ratingOf', () => {
  it.each([
    [0.5, { score: 0.5 }],
    [{ score: true }, { score: 1 }],
    [
      { score: 0.5, feedback: 'so so' },
      { score: 0.5, feedback: 'so so' },
    ],
    [{ score: 0.5, feedback: '' }, { score: 0.5 }],
    [{ score: 0.5, feedback: null }, { score: 0.5 }],
  ])('%j is %j', (value, rating) => {
    expect(ratingOf(value, [0, 1], 'm.ts#metric', 0)).toEqual(rating);
  });

  it.each([
    [{ score: 0.5, feedback: 7 }, 'returned 7 as the feedback for row 3. Feedback must be text'],
    [{ score: 2, feedback: 'x' }, 'returned 2 for row 3'],
    [{ feedback: 'x' }, 'returned an object for row 3. It must return true, false or a number from 0 to 1'],
  ])('%j is an error that says what is wrong', (value, told) => {
    expect(() => ratingOf(value, [0, 1], 'm.ts#metric', 2)).toThrow(told);
  });
});
