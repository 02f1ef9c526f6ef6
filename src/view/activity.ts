/** What a step is at just now, and how much of it there is. */
import type * as z from 'zod';
import { countSchema } from '../base/counts.ts';
import type { Immutable } from '../base/immutable.ts';
import type { Started, StepView } from './runView.ts';
import { noWork, workCountSchema, workSchema } from './work.ts';
import type { Work } from './work.ts';

export const activitySchema = workCountSchema.extend({
  work: workSchema,
  /** Program runs that the work takes in all; `null` where that cannot be known, as for bootstrapping. */
  of: countSchema.nullable(),
});
export type Activity = Immutable<z.infer<typeof activitySchema>>;

type Splits = Started['splits'];

/** @param splits of the run; `null`: it does not say yet. @returns `null` where no program runs are under way. */
export function activityOf(step: StepView, splits: Splits | null): Activity | null {
  const { atWork, work } = step;
  if (atWork === null) return null;
  const counted = work[atWork] ?? noWork;
  const of = planned(atWork, step, splits);
  // An example is tried again where its trace was not correct.
  return { work: atWork, ...counted, of: of === null || counted.done > of ? null : of };
}

/**
 * How long the rest takes at the pace so far, in seconds; `null` where too little is done to say.
 *
 * @param seconds that the part that is done took.
 */
export function secondsLeft(seconds: number, done: number, of: number | null): number | null {
  return of === null || of <= done || done < 2 || seconds < 1 ? null : ((of - done) * seconds) / done;
}

function planned(work: Work, { candidates, examples, search }: StepView, splits: Splits | null): number | null {
  switch (work) {
    case 'dev':
    case 'test':
    case 'train':
      return splits?.[work] ?? null;
    case 'checkpoints':
      return splits === null ? null : splits.dev * candidates.length;
    case 'collect':
      return examples;
    case 'validate':
      if (search.validation === null) return null;
      return (search.candidates ?? candidates.length) * search.validation - search.spared;
    case 'bootstrap':
    case 'reflect':
    case 'rollout':
      return null;
  }
}
