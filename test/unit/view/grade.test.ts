import { expect, it } from 'vitest';
import { gradeOf } from '../../../src/view/grade.ts';

it.each([
  [1, false, 1, 'right'],
  [0.5, false, 0.5, 'right'],
  [0.3, false, 1, 'partly'],
  [0, false, 1, 'wrong'],
  [0, true, 1, 'failed'],
  [null, false, 1, null],
] as const)('a score of %s (failed: %s) with the threshold %s is %s', (score, failed, threshold, grade) => {
  expect(gradeOf(score, failed, threshold)).toBe(grade);
});
