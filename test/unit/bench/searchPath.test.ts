import { describe, expect, it } from 'vitest';
import { before, leastOf } from '../../../bench/searchPath.ts';
import type { SearchStep } from '../../../bench/searchPath.ts';

const scored = (instructions: readonly string[], rows: readonly number[]): SearchStep => ({
  kind: 'evaluation',
  instructions: [...instructions],
  rows: [...rows],
});
const asked: SearchStep = { kind: 'proposal' };
const begun: SearchStep = { kind: 'iteration' };

describe('what a search takes at the least', () => {
  it('is a call in a row for each scoring and proposal, however many rows are scored side by side', () => {
    const steps = [scored(['a'], [1, 2, 3]), asked, scored(['b'], [1, 2, 3])];
    expect(leastOf(steps, false, String)).toEqual({ task: 6, proposals: 1, inARow: 3, rounds: [3, 1, 3] });
  });

  it('is two calls in a row for two predictors', () => {
    expect(leastOf([scored(['a', 'b'], [1, 2])], true, String)).toEqual({
      ...{ task: 4, proposals: 0 },
      ...{ inARow: 2, rounds: [2, 2] },
    });
  });

  it('is nothing for calls that were made before, where they are remembered', () => {
    const steps = [scored(['a'], [1, 2, 2]), asked, scored(['a'], [2, 1])];
    expect(leastOf(steps, true, String)).toMatchObject({ task: 2, proposals: 1, inARow: 2 });
    expect(leastOf(steps, false, String)).toMatchObject({ task: 5, proposals: 1, inARow: 3 });
  });

  it('leaves out of two predictors the one that neither its instruction nor what it is given has changed', () => {
    const steps = [scored(['a', 'b'], [1]), scored(['a', 'c'], [1]), scored(['d', 'c'], [1])];
    expect(leastOf(steps, true, () => 'the same')).toMatchObject({ task: 4, inARow: 4 });
    expect(leastOf(steps, true, (instruction) => instruction)).toMatchObject({ task: 5, inARow: 5 });
  });

  it('counts what came before an iteration', () => {
    const steps = [scored(['a'], [1]), begun, asked, begun, scored(['b'], [1])];
    expect(before(steps, 0)).toEqual(steps.slice(0, 1));
    expect(before(steps, 1)).toEqual(steps.slice(0, 3));
    expect(before(steps, 2)).toEqual(steps);
  });
});
