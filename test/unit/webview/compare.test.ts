import { describe, expect, it } from 'vitest';
import type { Comparison } from '../../../src/comparison.ts';
import type { ComparedRun, SideBySide } from '../../../src/viewProtocol.ts';
import { comparedPlaces, firstCompareModel, shownRuns, stepOf, subjectsOf } from '../../../webview/compareModel.ts';
import { pairedDifference } from '../../../webview/pairedDifference.ts';

describe('the difference of two states on the same rows', () => {
  it('is that of the means, with an interval that holds it', () => {
    const first = [0, 0, 0, 0, 1, 1, 1, 1, 1, 0];
    const second = [1, 1, 1, 0, 1, 1, 1, 1, 0, 0];
    const difference = pairedDifference(first, second)!;
    expect(difference.points).toBeCloseTo(20);
    expect(difference.n).toBe(10);
    // By hand: three and a half better, one and a half worse, of twelve.
    expect((difference.low + difference.high) / 2).toBeCloseTo((100 * 2) / 12, 5);
    expect(difference.high - difference.low).toBeCloseTo((2 * 195.9964 * Math.sqrt(5 - 4 / 12)) / 12, 3);
  });

  it('is sure of itself only with many rows', () => {
    const rows = (n: number, score: number) => Array.from({ length: n }, () => score);
    expect(pairedDifference(rows(4, 0), [1, 0, 0, 0])!.low).toBeLessThan(0);
    expect(pairedDifference(rows(100, 0), [...rows(25, 1), ...rows(75, 0)])!.low).toBeGreaterThan(0);
    // Not one row differs: that is no proof that none would.
    expect(pairedDifference(rows(20, 1), rows(20, 1))).toMatchObject({ points: 0, n: 20 });
    expect(pairedDifference(rows(20, 1), rows(20, 1))!.high).toBeGreaterThan(5);
  });

  it('takes scores between right and wrong, and only rows that both have', () => {
    const difference = pairedDifference([0.5, 0.25, null, 1], [0.75, 0.5, 1, null])!;
    expect(difference).toMatchObject({ points: 25, low: 25, high: 25, n: 2 });
    expect(pairedDifference([null], [1])).toBeNull();
    expect(pairedDifference([], [])).toBeNull();
  });
});

const score = { score: 50, low: 40, high: 60, n: 10, failed: 0 };

function run(id: string, strategy: string, seed: number, prefixes: readonly string[]): ComparedRun {
  return {
    run: id,
    name: id,
    program: 'p',
    status: 'finished',
    strategy,
    from: null,
    seed,
    model: 'm',
    endpoint: 'e',
    usage: { calls: 1, cached: 0, inputTokens: 1, outputTokens: 1, usd: null },
    seconds: 1,
    best: prefixes.at(-1)!,
    final: prefixes.at(-1)!,
    steps: prefixes.map((prefix) => ({ prefix, dev: score, test: null })),
    unlike: { dev: null, test: null },
  };
}

const [a, b, c] = [
  run('a', 'p', 0, ['', 'p']),
  run('b', 'p', 1, ['', 'p']),
  run('c', 'p -> w', 0, ['', 'p', 'p -> w']),
];
const picture = (record: Comparison | null): SideBySide => ({
  type: 'sideBySide',
  title: '',
  complete: true,
  version: 1,
  metric: '',
  threshold: 1,
  hasTest: false,
  runs: [a!, b!, c!],
  record,
  problem: null,
});

describe('what stands side by side', () => {
  const { kept } = firstCompareModel;

  it('is the state that each run returned, or the one that was chosen', () => {
    expect(subjectsOf([a!, c!], kept)).toEqual([
      { run: 'a', step: 'p' },
      { run: 'c', step: 'p -> w' },
    ]);
    expect(stepOf(c!, { steps: { c: '' } })?.prefix).toBe('');
    expect(stepOf(c!, { steps: { c: 'gone' } })?.prefix).toBe('p -> w');
  });

  it('is compared with the first, and filtered by the last, unless others are chosen', () => {
    const runs = [a!, b!, c!];
    expect(comparedPlaces(runs, kept)).toEqual({ from: 0, to: 2 });
    expect(comparedPlaces(runs, { base: 'c', other: null })).toEqual({ from: 2, to: 1 });
    expect(comparedPlaces(runs, { base: 'b', other: 'b' })).toEqual({ from: 1, to: 2 });
    expect(comparedPlaces(runs, { base: 'gone', other: 'b' })).toEqual({ from: 0, to: 1 });
  });

  it('are of a comparison the runs of one seed, in the order of its table', () => {
    const cell = (strategy: string, seed: number, id: string | null) => ({ strategy, seed, run: id });
    const record = {
      strategies: ['p', 'p -> w'],
      seeds: [0, 1],
      cells: [cell('p -> w', 0, 'c'), cell('p', 0, 'a'), cell('p', 1, 'b'), cell('p -> w', 1, null)],
    } as unknown as Comparison;
    expect(shownRuns(picture(null), kept)).toHaveLength(3);
    expect(shownRuns(picture(record), kept).map((one) => one.run)).toEqual(['a', 'c']);
    expect(shownRuns(picture(record), { seed: 1 }).map((one) => one.run)).toEqual(['b']);
    expect(shownRuns(picture(record), { seed: 9 }).map((one) => one.run)).toEqual(['a', 'c']);
  });
});
