import { describe, expect, it } from 'vitest';
import { attributeLine } from '../../../src/host/node/attributeLine.ts';

const lines = [
  'export class Program extends Module {',
  '  generate_query = [0, 1].map(() => new ChainOfThought("a -> b"));',
  '  private readonly answer: Predict = new Predict("a -> b");',
  '  constructor() {',
  '    this.$late = new Predict("a -> b");',
  '    if (same === other) return;',
];

describe('attributeLine', () => {
  it.each([
    ['generate_query[1].predict', 2],
    ['answer', 3],
    ['$late', 5],
    ['same', undefined],
    ['elsewhere.predict', undefined],
    ['self', undefined],
  ])('%s: %s', (name, line) => {
    expect(attributeLine(lines, name)).toBe(line);
  });
});
