import { describe, expect, it } from 'vitest';
import { unlike } from '../../../src/page/comparisonReader.ts';
import { runItem } from '../editor/samples.ts';
import type { RunWishes } from '../editor/samples.ts';

const manifest = (wishes: RunWishes) => runItem('a', wishes).manifest;

describe('unlike', () => {
  it('compares runs that differ in their seed alone: dev rows that are held out of train are the same', () => {
    expect(unlike(manifest({ dev: null, seed: 0 }), manifest({ dev: null, seed: 1 }), 'dev')).toBeNull();
    expect(unlike(manifest({ seed: 0 }), manifest({ seed: 1 }), 'dev')).toBeNull();
  });

  it('does not compare held-out rows with a file of their own', () => {
    expect(unlike(manifest({ dev: null }), manifest({ dev: 'd' }), 'dev')).toBe('other dev rows');
  });
});
