import { describe, expect, it } from 'vitest';
import type { UserCodeError } from '../../../src/data/trace.ts';
import { FailureTally } from '../../../src/engine/scope.ts';

function tallyOf(
  errors: readonly (UserCodeError | undefined)[],
  range: readonly [number, number] = [0, 1],
): FailureTally {
  const tally = new FailureTally(range);
  for (const error of errors) tally.add({ ...(error && { error }) }, { settled: true, unanswered: false });
  return tally;
}
const many = (n: number, kind: UserCodeError['kind'], message: (i: number) => string) =>
  Array.from({ length: n }, (_, i) => ({ kind, message: message(i) }));
const told = (tally: FailureTally) => () => tally.throwIfAllAlike('dev');

describe('rows that all fail', () => {
  it('in the metric are one fault, whatever it returned', () => {
    const yesNo = (i: number) => `The metric m returned the text '${i % 2 ? 'yes' : 'no'}' for row ${i}.`;
    expect(told(tallyOf(many(12, 'metric', yesNo)))).toThrow(
      /^dev: all 12 rows failed in the metric, so there is nothing to learn from\.\nmetric: .* the text 'no' for row 0/,
    );
  });

  it('are told as what they are where there is one', () => {
    expect(told(tallyOf(many(1, 'program', () => 'no')))).toThrow(/^dev: its only row failed, so there is nothing to/);
    const away = new FailureTally([0, 1]);
    away.add({ error: { kind: 'program', message: 'away' } }, { settled: true, unanswered: true });
    expect(told(away)).toThrow(/^dev: its only row was not answered\./);
  });

  it('in the program with one error are one fault, numbers aside', () => {
    expect(told(tallyOf(many(3, 'program', (i) => `row ${i}`)))).toThrow(/all 3 rows failed with the same error/);
    expect(told(tallyOf(many(3, 'program', (i) => `no ${'abc'[i]}`)))).not.toThrow();
  });

  it('are none where one row has a score', () => {
    expect(told(tallyOf([...many(5, 'metric', String), undefined]))).not.toThrow();
  });
});

describe('a metric of another scale than metricRange', () => {
  const outside = (n: number, returned: number): UserCodeError[] =>
    many(n, 'metric', (i) => `returned ${returned} for row ${i}`).map((error) => ({ ...error, returned }));

  const scored = (n: number) => Array.from({ length: n }, () => undefined);

  it('is told where more than a quarter of the rows are far outside', () => {
    const tally = tallyOf([...outside(4, 100), ...outside(4, 37), ...scored(20)]);
    expect(told(tally)).toThrow(
      /^dev: the metric returned a number far outside of "metricRange" for 8 of 28 rows.*\(here from 0 to 100\).*\n.*returned 100/s,
    );
    expect(() => tally.throwIfMetricIsBroken()).toThrow('for 8 of 28 rows');
    expect(told(tallyOf([...outside(3, -25), ...scored(5)], [-10, 0]))).toThrow('(here from -25 to 0)');
  });

  it.each<[string, readonly (UserCodeError | undefined)[], (readonly [number, number])?]>([
    ['one slip among rows of 0', [...outside(1, 1.2), ...scored(7)]],
    ['one slip far outside', [...outside(1, 100), ...scored(2)]],
    ['two of few', [...outside(2, 100), ...scored(2)]],
    ['few of many', [...outside(5, 100), ...scored(15)]],
    ['a range of its own', [...outside(1, -11), ...scored(7)], [-10, 0]],
    ['penalties', [...outside(5, -0.1), ...scored(3)]],
    ['-1 for what is wrong', [...outside(6, -1), ...scored(20)]],
    ['other errors', [...many(3, 'metric', (i) => `ValueError ${'abc'[i]}`), ...scored(2)]],
  ])('is not told of %s', (_, errors, range) => {
    expect(told(tallyOf(errors, range))).not.toThrow();
    expect(() => tallyOf([...errors, ...scored(20)], range).throwIfMetricIsBroken()).not.toThrow();
  });
});

describe('a metric that fails on each of the first rows', () => {
  const broken = (tally: FailureTally) => () => tally.throwIfMetricIsBroken();

  it('is broken after 20 rows', () => {
    expect(broken(tallyOf(many(19, 'metric', String)))).not.toThrow();
    expect(broken(tallyOf(many(20, 'metric', (i) => `KeyError: ${i}`)))).toThrow(
      /metric failed on each of the first 20 rows, so the others are not run\.\nmetric: KeyError: 0/,
    );
  });

  it('is not where a row was scored, or could not be read', () => {
    expect(broken(tallyOf([undefined, ...many(30, 'metric', String)]))).not.toThrow();
    expect(broken(tallyOf([...many(1, 'parse', String), ...many(30, 'metric', String)]))).not.toThrow();
  });
});
