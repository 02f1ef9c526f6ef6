import { expect, it } from 'vitest';
import type { Snapshot, StepRow } from '../../../src/viewProtocol/snapshot.ts';
import { scalesOf, scoreChartData } from '../../../webview/scorePoints.ts';

const place = (calls: number, usd: number | null = 0) => ({ calls, usd, seconds: calls / 10 });
const scored = (score: number) => ({ score: { score, low: score - 5, high: score + 5, n: 20, failed: 0 } });

function snapshotOf(steps: readonly object[]): Snapshot {
  return { asked: { from: null }, steps: steps as readonly StepRow[] } as Snapshot;
}

const baseline = {
  ...{ prefix: '', step: null, chosen: null, candidates: [], evaluations: { dev: scored(40), test: scored(42) } },
  course: { began: null, ended: null, dev: place(10), test: place(20) },
};
const candidate = (number: number, score: number | null, at: ReturnType<typeof place> | null) => ({
  ...{ candidate: number, name: '', at, score: score === null ? null : scored(score).score },
});
const search = {
  ...{ prefix: 'p', step: { name: 'p' }, chosen: null, evaluations: {} },
  candidates: [candidate(0, 50, place(25)), candidate(1, 70, place(35)), candidate(2, null, null)],
  course: { began: place(20), ended: null, dev: null, test: null },
};

it('are results and finished candidates, each where it came about, the best one marked', () => {
  const { points, bands } = scoreChartData(snapshotOf([baseline, search]), 'calls');
  expect(points.map(({ kind, x, y, chosen }) => [kind, x, y, chosen])).toEqual([
    ['dev', 10, 40, false],
    ['test', 20, 42, false],
    ['candidate', 25, 50, false],
    ['candidate', 35, 70, true],
  ]);
  expect(points[0]!.text).toBe('baseline, dev: 40.0 % (35.0 to 45.0) after 10 calls');
  expect(points[3]!.name).toBe('p, candidate 2, best so far');
  // The step is at work: it goes on to where the run is.
  expect(bands).toEqual([{ step: 'p', name: 'p', from: 20, to: 35 }]);
});

it('are drawn over what is known of all of them, and tells them apart', () => {
  expect(scalesOf(snapshotOf([baseline, search]))).toEqual(['calls', 'seconds']);
  const priced = { ...baseline, course: { ...baseline.course, dev: place(10, 0.1), test: place(20, 0.2) } };
  expect(scalesOf(snapshotOf([priced]))).toEqual(['calls', 'usd', 'seconds']);
  const unpriced = { ...baseline, course: { ...baseline.course, dev: place(10, 0.1), test: place(20, null) } };
  expect(scalesOf(snapshotOf([unpriced]))).toEqual(['calls', 'seconds']);
  expect(scalesOf(snapshotOf([]))).toEqual([]);
});
