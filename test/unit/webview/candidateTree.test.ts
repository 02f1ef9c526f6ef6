import { describe, expect, it } from 'vitest';
import type { CandidateRow } from '../../../src/viewProtocol/snapshot.ts';
import { candidateTree, hasTree, levelsAtMost } from '../../../webview/candidateTree.ts';
import type { CandidateNode } from '../../../webview/candidateTree.ts';

/** A candidate by its parents, the place is its number. */
function rows(parents: readonly (readonly number[])[]): CandidateRow[] {
  return parents.map((of, candidate) => ({
    ...{ candidate, parents: of, about: {}, status: 'done', score: null, scored: 0, sum: 0, state: `s${candidate}` },
    ...{ name: '', brief: '', facts: [], at: null },
  }));
}

type Shape = readonly [number, ...Shape[]];
const shape = ({ candidate, children }: CandidateNode): Shape => [candidate.candidate, ...children.map(shape)];
const tree = (candidates: readonly CandidateRow[]): Shape[] => candidateTree(candidates).map(shape);

describe('the tree of candidates', () => {
  it('has each under what it was made from, a merge once under the first', () => {
    expect(tree(rows([[], [0], [0], [1], [3, 2]]))).toEqual([[0, [1, [3, [4]]], [2]]]);
  });

  it('is a plain list where none was made from another', () => {
    const plain = rows([[], [], []]);
    expect(hasTree(plain)).toBe(false);
    expect(tree(plain)).toEqual([[0], [1], [2]]);
  });

  it('is in the order of numbers, whatever the order of the log', () => {
    expect(tree(rows([[], [0], [0]]).toReversed())).toEqual([[0, [1], [2]]]);
  });

  it('passes over parents that are not listed, and takes the second where the first is not', () => {
    const [first, , ...others] = rows([[], [0], [1], [1, 0]]);
    expect(tree([first!, ...others])).toEqual([[0, [3]], [2]]);
  });

  it('has every candidate once, also where a log names a candidate or a later one as its parent', () => {
    const odd = rows([[0], [2], [1], [3, 0]]);
    expect(tree(odd)).toEqual([
      [0, [3]],
      [1, [2]],
    ]);
  });

  it('goes only so deep: later ones stand beside their parents', () => {
    const chain = rows(Array.from({ length: 1000 }, (_, i) => (i === 0 ? [] : [i - 1])));
    let level = candidateTree(chain);
    for (let depth = 1; depth < levelsAtMost; depth++) {
      expect(level).toHaveLength(1);
      level = level[0]!.children;
    }
    expect(level).toHaveLength(1000 - levelsAtMost + 1);
    expect(level.flatMap(({ children }) => children)).toEqual([]);
  });
});
