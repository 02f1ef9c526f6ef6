/** A task for MIPROv2's search that follows a script: test/parity/mipro/oracle.py is the same script in Python. */
import { createHash } from 'node:crypto';
import { valuesOf } from '../../src/engine/optimizers/mipro/search/space.ts';
import type { Combination, Evaluation, SearchTask } from '../../src/engine/optimizers/mipro/search/terms.ts';
import { percent } from '../../src/engine/score.ts';

export interface ScriptedTask extends SearchTask {
  /** What was asked, in its order. */
  readonly evaluations: readonly Evaluation[];
}

/**
 * @param levels scores of a row are 0, 1 and what is between them, this many in all.
 * @param validation the rows of V, by their places in it.
 */
export function scriptedTask(levels: number, validation: readonly number[]): ScriptedTask {
  const evaluations: Evaluation[] = [];
  return {
    evaluations,
    evaluate: (evaluation) => {
      evaluations.push(evaluation);
      const { purpose, rows } = evaluation;
      const combination = purpose.kind === 'start' ? null : purpose.combination;
      const scores = rows.map((row) => rowScore(combination, ['validation', validation[row]!], levels));
      return Promise.resolve(
        percent(
          scores.reduce((total, score) => total + score, 0),
          rows.length,
        ),
      );
    },
  };
}

/**
 * From 0 to 1.
 * @param combination null: the program as the search found it.
 * @param row its set and its place there.
 */
export function rowScore(combination: Combination | null, row: readonly [string, number], levels: number): number {
  const parts = [combination === null ? null : valuesOf(combination), ...row];
  return (createHash('sha256').update(JSON.stringify(parts)).digest()[0]! % levels) / (levels - 1);
}
