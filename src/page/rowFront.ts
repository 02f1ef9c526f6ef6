/** Which candidates of a step are the best on which rows. Pure. */
import type { RowScores } from './candidateScores.ts';

export interface RowFront {
  /** The best score of any candidate, by row, in the order of the rows. */
  readonly best: ReadonlyMap<number, number>;
  /** By candidate: on how many rows no other has a better score, alone or tied. */
  readonly bestOn: ReadonlyMap<number, number>;
}

export function rowFront(scores: ReadonlyMap<number, RowScores>): RowFront {
  const best = new Map<number, number>();
  for (const rows of scores.values()) {
    for (const [row, score] of rows) best.set(row, Math.max(score, best.get(row) ?? -Infinity));
  }
  const bestOn = [...scores].map(([candidate, rows]) => [candidate, countBest(rows, best)] as const);
  return { best: new Map([...best].sort(([a], [b]) => a - b)), bestOn: new Map(bestOn) };
}

function countBest(rows: RowScores, best: ReadonlyMap<number, number>): number {
  let count = 0;
  for (const [row, score] of rows) if (score === best.get(row)) count++;
  return count;
}

/** The candidates that are the best on some row, those that are it on most rows first, then by number. */
export function frontCandidates({ bestOn }: RowFront): readonly number[] {
  return [...bestOn]
    .filter(([, rows]) => rows > 0)
    .sort(([a, rowsOfA], [b, rowsOfB]) => rowsOfB - rowsOfA || a - b)
    .map(([candidate]) => candidate);
}
