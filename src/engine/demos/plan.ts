/** What bootstrapping takes. */
import { given } from '../../base/given.ts';
import type { Estimate, Runs } from '../estimate.ts';
import { tries } from '../estimate.ts';
import { sum } from '../sample.ts';
import type { KeptTeacher } from '../settingSchemas.ts';
import { answeringInTurn } from '../teacher.ts';

/** Demo sets that are bootstrapped, each from rows in an order of its own. */
export interface PlannedBootstraps {
  /** Bootstrapped demos that each is to have. */
  readonly sets: readonly number[];
  /** Rows in T. */
  readonly train: number;
  readonly rounds: number;
  readonly maxLabeledDemos: number;
  readonly teacher: KeptTeacher;
}

/**
 * Runs of each LM that teaches: a teacher is taken to be right as often as the program was.
 *
 * @param demos of the teacher's prompts, where an earlier search found some.
 */
export function bootstrapRuns(
  { sets, train, rounds, maxLabeledDemos: labelled, teacher }: PlannedBootstraps,
  correct: number,
  demos: Estimate | null,
): readonly Runs[] {
  const rate = 1 - (1 - correct) ** rounds;
  const rows = sets.map((size) => Math.min(train, size / Math.max(rate, 1e-9)));
  // Without labelled demos of its own the teacher's prompt is the same for all sets, and so are its traces. A search
  // that finds no demos leaves the teacher without: at most it is labelled again.
  const shared = labelled === 0 || demos !== null;
  const distinct = labelled > 0 ? sets.length : Math.min(1, sets.length);
  const bootstrapped = shared ? Math.min(train, sum(rows)) : sum(rows);
  const prompts = { expected: demos?.expected ?? labelled, most: Math.max(demos?.most ?? 0, labelled) };
  return answeringInTurn(teacher).map((of, place) => ({
    runs: {
      // The second is asked where the first was wrong.
      expected: bootstrapped * tries(correct, rounds) * (1 - rate) ** place,
      most: distinct * train * rounds,
    },
    demos: prompts,
    ...given({ of }),
  }));
}
