import { describe, expect, it } from 'vitest';
import { Suspects } from '../../../src/host/suspects.ts';

/** Tries runs as the host client does, in a host that dies when one of `guilty` runs. */
function search(runs: readonly number[], guilty: ReadonlySet<number>): { blamed: number[]; tries: number } {
  const suspects = new Suspects<number>();
  const blamed: number[] = [];
  let tries = 1;
  suspects.died(runs, false);
  while (suspects.size > 0) {
    const group = suspects.next();
    tries++;
    if (!group.some((run) => guilty.has(run))) continue;
    const culprit = suspects.died(group, true);
    if (culprit !== undefined) blamed.push(culprit);
  }
  return { blamed, tries };
}

describe('Suspects', () => {
  const runs = Array.from({ length: 256 }, (_, i) => i);

  it('finds one run among 256 in a logarithm of tries', () => {
    const { blamed, tries } = search(runs, new Set([77]));
    expect(blamed).toEqual([77]);
    expect(tries).toBeLessThanOrEqual(2 + 2 * 8);
  });

  it('finds all of several, and blames no other', () => {
    expect(search(runs, new Set([0, 128, 255])).blamed).toEqual([0, 128, 255]);
  });

  it('blames a run that was alone only when it dies again', () => {
    const suspects = new Suspects<number>();
    expect(suspects.died([5], false)).toBeUndefined();
    expect(suspects.next()).toEqual([5]);
    expect(suspects.died([5], true)).toBe(5);
    expect(suspects.size).toBe(0);
  });

  it('tries those that were acquitted together', () => {
    const suspects = new Suspects<number>();
    suspects.acquitted([1, 2, 3]);
    suspects.acquitted([]);
    expect(suspects.next()).toEqual([1, 2, 3]);
    expect(suspects.next()).toEqual([]);
  });

  it('hands out all that are left', () => {
    const suspects = new Suspects<number>();
    suspects.died([1, 2, 3], false);
    expect(suspects.drain()).toEqual([1, 2, 3]);
    expect(suspects.size).toBe(0);
  });
});
