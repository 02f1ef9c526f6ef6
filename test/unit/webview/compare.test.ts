import { describe, expect, it } from 'vitest';
import type { Comparison } from '../../../src/comparison.ts';
import type { ComparedRun, SideBySide } from '../../../src/viewProtocol/comparison.ts';
import { comparedPlaces, firstCompareModel, shownRuns, stepOf, subjectsOf } from '../../../webview/compareModel.ts';

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
