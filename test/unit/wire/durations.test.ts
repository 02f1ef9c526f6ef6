import { expect, test } from 'vitest';
import { secondsIn, waitIn } from '../../../src/wire/durations.ts';

test.each([
  ['34s', 34],
  ['6m12s', 372],
  ['250ms', 0.25],
  ['1h2m3.5s', 3723.5],
  ['7 seconds', 7],
  ['5 minutes and 3 seconds', 303],
  ['7', null],
  ['soon', null],
  ['3 sheep', null],
])('%s', (text, seconds) => {
  expect(secondsIn(text)).toBe(seconds);
});

test.each([
  ['Rate limit reached. Please try again in 6m12s. Visit …', 372],
  ['Please retry after 33 seconds.', 33],
  ['Try again in: 5s', 5],
  ['Please try again in about 5 minutes and 3 seconds.', 303],
  ['Please wait 30000 seconds before', 30_000],
  ['It took 5s; try again', null],
])('%s', (text, seconds) => {
  expect(waitIn(text)).toBe(seconds);
});
