import { describe, expect, it } from 'vitest';
import type { Optimizer } from '../../../src/engine/optimizer.ts';
import { optimizers } from '../../../src/engine/optimizers/all.ts';
import { registryOf } from '../../../src/engine/registry.ts';

const kindOf = (kind: string, spellings: readonly string[] = []): Optimizer => ({
  ...optimizers.get('p'),
  kind,
  spellings,
});
const errorOf = (...all: Optimizer[]): string => {
  try {
    registryOf(all);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('the list of kinds', () => {
  it('reads names in small letters, however they are written in the list', () => {
    expect([...registryOf([kindOf('Tree', ['Τ'])]).names]).toEqual([
      ['tree', 'Tree'],
      ['τ', 'Tree'],
    ]);
  });

  it.each([
    [[kindOf('a'), kindOf('a')], '"a" names two kinds of step, a and a.'],
    [[kindOf('a'), kindOf('A')], '"A" names two kinds of step, a and A.'],
    [[kindOf('a', ['x']), kindOf('b', ['X'])], '"X" names two kinds of step, a and b.'],
    [[kindOf('a'), kindOf('b', ['A'])], '"A" names two kinds of step, a and b.'],
    [[kindOf('two words')], 'The kind of step "two words" must be a word'],
    [[kindOf('')], 'The kind of step "" must be a word'],
    [[kindOf('vanilla')], 'The kind of step "vanilla" must not be "vanilla"'],
    [[kindOf('a', ['->'])], 'No strategy can name a as "->".'],
    [[kindOf('a', ['x y'])], 'No strategy can name a as "x y".'],
  ])('is refused where a strategy could not name a kind, or would mean two: %#', (all, message) => {
    expect(errorOf(...all)).toContain(message);
  });
});

describe('rows that are too few', () => {
  it.each([
    ['p', '"p.train" (9) and "p.validation" (by default 1)'],
    ['long', '"steps.long.train" (9) and "steps.long.validation" (by default 1)'],
  ])('are told of by the keys of the configuration: %s', (name, message) => {
    const search = optimizers.get('p');
    const settings = search.resolve({ train: 9 }, { embedded: false });
    expect(() => search.step(name, settings, { rows: 5, modelsPerJob: 1 })).toThrow(message);
  });
});
