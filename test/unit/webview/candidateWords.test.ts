import { describe, expect, it } from 'vitest';
import type { CandidateRow, StepRow } from '../../../src/viewProtocol/snapshot.ts';
import { scoredOn, statusOf } from '../../../webview/candidateWords.ts';
import { bestOf } from '../../../src/view/candidateEnd.ts';

/** Candidates by score and rows, numbered by their place. */
function rows(scores: readonly (readonly [score: number, n: number])[]): CandidateRow[] {
  return scores.map(([score, n], candidate) => ({
    ...{ candidate, parents: [], about: {}, status: 'done', scored: n, sum: 0, state: `s${candidate}` },
    ...{ score: { score, low: score, high: score, n, failed: 0 }, name: '', brief: '', facts: [], at: null },
  }));
}

describe('candidates of which some are scored on a part of the rows', () => {
  const search = { candidates: null, validation: 100, spared: 0 };
  const mixed = rows([
    [50, 100],
    [90, 35],
    [60, 100],
    [60, 100],
  ]);

  it('have their best among those that were scored on all of them', () => {
    expect(bestOf({ chosen: null, candidates: mixed })).toBe(2);
    expect(bestOf({ chosen: 0, candidates: mixed })).toBe(0);
    expect(bestOf({ chosen: null, candidates: [] })).toBeNull();
  });

  it('are not said to be scored on all', () => {
    expect(scoredOn({ search, candidates: mixed })).toBe(', on up to 100 rows');
    expect(scoredOn({ search, candidates: mixed.filter(({ score }) => score?.n === 100) })).toBe(', each on 100 rows');
    expect(scoredOn({ search: { ...search, validation: null }, candidates: mixed })).toBe('');
  });
});

describe('a candidate that was stopped early', () => {
  it('could no longer win against one that is named', () => {
    const [best, early] = rows([
      [100, 20],
      [0, 1],
    ]);
    const stopped: CandidateRow = { ...early!, status: 'stoppedEarly', score: null, scored: 1, sum: 1 };
    const step = { chosen: null, candidates: [best!, stopped] } as unknown as StepRow;
    expect(statusOf(stopped, false, step)).toBe(
      'stopped early after 1 row: it could no longer win against candidate 1 (100.0 %; the earlier wins a tie)',
    );
    const unlikely = { after: 9, chance: 0.01, loss: 0 };
    expect(statusOf({ ...stopped, scored: 9, unlikely }, false, step)).toBe(
      'stopped early after 9 rows: it was unlikely (1 %) to win',
    );
  });
});
