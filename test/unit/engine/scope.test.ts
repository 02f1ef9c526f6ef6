import { describe, expect, it } from 'vitest';
import type { ProgramOutcome, UserCodeError } from '../../../src/data/trace.ts';
import { FailureTally } from '../../../src/engine/scope.ts';

/** @param scores of further rows, which did not fail */
function tallyOf(errors: readonly (UserCodeError | undefined)[], scores: readonly number[] = []): FailureTally {
  const tally = new FailureTally();
  for (const score of scores) tally.add({ score }, { settled: true, unanswered: false });
  for (const error of errors) {
    const outcome: ProgramOutcome = { prediction: null, score: 0, trace: [], seconds: 0, ...(error && { error }) };
    tally.add(outcome, { settled: true, unanswered: false });
  }
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

  it('is told where no row is scored but those that are wrong', () => {
    const tally = tallyOf([...outside(2, 100), ...outside(1, 80), ...Array.from({ length: 30 }, () => undefined)]);
    expect(told(tally)).toThrow(
      /^dev: the metric returned a number outside of "metricRange" for 3 of 33 rows.*\(here from 0 to 100\).*\n.*returned 100/s,
    );
    expect(() => tally.throwIfMetricIsBroken()).toThrow('for 3 of 33 rows');
  });

  it('is told where more rows are outside than by chance, and not of a few', () => {
    const scored = (n: number) => Array.from({ length: n }, () => 1);
    expect(told(tallyOf(outside(3, -1), scored(6)))).toThrow('from -1 to 1');
    expect(told(tallyOf(outside(2, 11), scored(6)))).not.toThrow();
    expect(
      told(
        tallyOf(
          many(3, 'metric', (i) => `ValueError ${'abc'[i]}`),
          [0, 0],
        ),
      ),
    ).not.toThrow();
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
