import { describe, expect, it } from 'vitest';
import type { FewShotSettings } from '../../../../src/engine/optimizers/fewShot/settings.ts';
import { resolve, sized } from '../../../../src/engine/optimizers/fewShot/settings.ts';

function sizesOf(change: Partial<FewShotSettings>, rows: number) {
  const { train, validation } = sized({ ...resolve({}), ...change }, rows, 'p');
  return { train, validation };
}

describe('sizes of a prompt search', () => {
  it.each([
    [50, 15, 35],
    [148, 44, 103],
    [1000, 100, 250],
    [10, 3, 7],
    [90, 27, 63],
    [2, 1, 1],
    [3, 1, 2],
  ])('of %i rows bootstraps from %i and validates on %i', (size, train, validation) => {
    expect(sizesOf({}, size)).toEqual({ train, validation });
  });

  it('keeps to what was configured and fits the other to what is left', () => {
    expect(sizesOf({ train: 100, validation: 40 }, 148)).toEqual({ train: 100, validation: 40 });
    expect(sizesOf({ train: 100, validation: null }, 148)).toEqual({ train: 100, validation: 48 });
    expect(sizesOf({ train: null, validation: 45 }, 50)).toEqual({ train: 5, validation: 45 });
  });

  it('are all rows for both with folds, of which settings without folds say nothing', () => {
    expect(sized(resolve({ folds: 4 }), 30, 'p')).toMatchObject({ train: 30, validation: 30, folds: 4 });
    // Searches are remembered under these settings, those of before there were folds too.
    expect(sized(resolve({}), 30, 'p')).not.toHaveProperty('folds');
  });

  it('refuses more rows than there are', () => {
    expect(() => sizesOf({ train: 100, validation: 60 }, 148)).toThrow('the 148 rows that train has');
    expect(() => sizesOf({ train: 148, validation: null }, 148)).toThrow('the 148 rows');
    expect(() => sizesOf({}, 1)).toThrow('at least 2');
  });
});
