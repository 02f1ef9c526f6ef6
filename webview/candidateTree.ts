/** The candidates of a step by what they were made from. Pure. */
import type { CandidateRow } from '../src/viewProtocol/snapshot.ts';

export interface CandidateNode {
  readonly candidate: CandidateRow;
  readonly children: readonly CandidateNode[];
}

interface Growing extends CandidateNode {
  readonly level: number;
  readonly siblings: Growing[];
  readonly children: Growing[];
}

/** Levels within each other. What is deeper stands beside its parent: a page is only so wide. */
export const levelsAtMost = 12;

/** A step has a tree where it made a candidate from another. */
export function hasTree(candidates: readonly CandidateRow[]): boolean {
  return candidates.some((one) => parentsOf(one).length > 0);
}

/**
 * Those that were made from none, each with what was made from it, in the order in which they were made. One that was
 * made from two stands under the first. Parents that are not here, or are no earlier candidates, do not count.
 */
export function candidateTree(candidates: readonly CandidateRow[]): readonly CandidateNode[] {
  const roots: Growing[] = [];
  const nodes = new Map<number, Growing>();
  for (const candidate of candidates.toSorted((a, b) => a.candidate - b.candidate)) {
    const [parent] = parentsOf(candidate).flatMap((place) => nodes.get(place) ?? []);
    const node = parent === undefined ? nodeAt(candidate, 1, roots) : childOf(parent, candidate);
    node.siblings.push(node);
    nodes.set(candidate.candidate, node);
  }
  return roots;
}

function childOf({ level, siblings, children }: Growing, candidate: CandidateRow): Growing {
  return level < levelsAtMost ? nodeAt(candidate, level + 1, children) : nodeAt(candidate, level, siblings);
}

function nodeAt(candidate: CandidateRow, level: number, siblings: Growing[]): Growing {
  return { candidate, level, siblings, children: [] };
}

/** What a candidate can have been made from: those before it. */
export function parentsOf({ candidate, parents }: Pick<CandidateRow, 'candidate' | 'parents'>): readonly number[] {
  return parents.filter((parent) => parent < candidate);
}
