import { describe, expect, it } from 'vitest';
import { frontCandidates, rowFront } from '../../../src/page/rowFront.ts';
import { stateChanges } from '../../../src/page/stateChanges.ts';

/** Scores of each candidate by row; `null`: not scored. */
const scores = (...candidates: readonly (readonly (number | null)[])[]) =>
  new Map(
    candidates.map((rows, candidate) => [
      candidate,
      new Map(rows.flatMap((score, row): [number, number][] => (score === null ? [] : [[row, score]]))),
    ]),
  );

describe('the front over rows', () => {
  it('counts on how many rows each is the best, alone or tied', () => {
    const { best, bestOn } = rowFront(scores([1, 0, 0.5], [1, 0.2, 0], [0, 0.1, 0.4]));
    expect([...best]).toEqual([
      [0, 1],
      [1, 0.2],
      [2, 0.5],
    ]);
    expect([...bestOn]).toEqual([
      [0, 2],
      [1, 2],
      [2, 0],
    ]);
  });

  it('lists those that are on it, the most rows first', () => {
    const front = rowFront(scores([0, 0, 0.1], [1, 0, 0], [0, 1, 1]));
    expect(frontCandidates(front)).toEqual([2, 1]);
  });

  it('takes a row that not all were scored on by those that were, and rows in their order', () => {
    const { best, bestOn } = rowFront(scores([null, null, 0], [0.5, 0, null]));
    expect([...best.keys()]).toEqual([0, 1, 2]);
    expect([...bestOn]).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });

  it('is empty where nothing was scored', () => {
    expect(frontCandidates(rowFront(new Map()))).toEqual([]);
  });
});

describe('changes between two states', () => {
  const predictor = (instructions: string, model = 'm') => ({ instructions, model, demos: [] });
  const state = (predictors: Record<string, ReturnType<typeof predictor>>) => ({ predictors });

  it('are of the predictors that are other ones alone', () => {
    const before = state({ a: predictor('one'), b: predictor('two'), c: predictor('three') });
    const after = state({ a: predictor('one'), b: predictor('2'), c: predictor('three', 'tuned') });
    expect(stateChanges(before, after)).toEqual([
      { predictor: 'b', before: 'two', after: '2', demos: false, model: false },
      { predictor: 'c', before: 'three', after: 'three', demos: false, model: true },
    ]);
    expect(stateChanges(before, before)).toEqual([]);
  });

  it('tell of a predictor that only one of them has', () => {
    expect(stateChanges(state({ a: predictor('one') }), state({}))).toMatchObject([{ predictor: 'a', after: null }]);
    expect(stateChanges(state({}), state({ a: predictor('one') }))).toMatchObject([{ predictor: 'a', before: null }]);
  });

  it('notice other demos', () => {
    const demo = { fields: { question: 'Which?' }, augmented: false };
    const after = { predictors: { a: { ...predictor('one'), demos: [demo] } } };
    expect(stateChanges(state({ a: predictor('one') }), after)).toMatchObject([{ demos: true, model: false }]);
  });
});
