/** Which step the Run view shows, and what there is of it. Pure. */
import type { Snapshot, StepRow } from '../src/viewProtocol/snapshot.ts';

/** The one that was chosen, else the one at work, else the last that was begun. */
export function shownStep({ steps }: Pick<Snapshot, 'steps'>, chosen: string | null): StepRow | undefined {
  const begun = steps.filter(({ status, step }) => status !== 'waiting' && step !== null);
  return (
    steps.find(({ prefix }) => prefix === chosen) ??
    begun.find(({ status }) => status === 'running') ??
    begun.at(-1) ??
    steps[0]
  );
}

/** The name of the state that a step began with: that of the step before it, or of the run's start. */
export function stateBefore({ steps }: Pick<Snapshot, 'steps'>, prefix: string): string {
  const place = steps.findIndex((step) => step.prefix === prefix);
  return steps[place - 1]?.prefix ?? '';
}

/** Its candidates can be compared row by row: two of them were scored. */
export function hasFront({ candidates }: Pick<StepRow, 'candidates'>): boolean {
  return candidates.filter(({ scored }) => scored > 0).length > 1;
}
