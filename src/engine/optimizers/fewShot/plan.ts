import { given } from '../../../base/given.ts';
import type { Estimate, PlanContext, Runs, StepPlan } from '../../estimate.ts';
import { both, tries } from '../../estimate.ts';
import { sum } from '../../sample.ts';
import { answeringInTurn } from '../../teacher.ts';
import { candidatePlans } from './candidates.ts';
import type { SizedSettings } from './settings.ts';

/** What a search takes: a bootstrap of most candidates, and V with each. */
export function planSearch(settings: SizedSettings, { prompts, sample }: PlanContext): StepPlan {
  const found = demosFound(settings);
  const { folds } = settings;
  // A row is answered without the demos of its own fold.
  const shown = folds === undefined ? found : { ...found, expected: found.expected * (1 - 1 / folds) };
  return {
    runs: [
      { runs: both(candidatePlans(settings).length * settings.validation), demos: shown },
      ...bootstrapRuns(settings, sample.correct, prompts.demos),
    ],
    prompts: { ...prompts, demos: found },
  };
}

/** Demos a predictor has after a search: those of the candidates, any of which may win. */
function demosFound(settings: SizedSettings): Estimate {
  const { maxBootstrappedDemos, maxLabeledDemos } = settings;
  const each = candidatePlans(settings).map(({ source, size }) =>
    source === 'zeroShot' ? 0 : Math.max(size, maxLabeledDemos),
  );
  return { expected: sum(each) / each.length, most: Math.max(maxBootstrappedDemos, maxLabeledDemos) };
}

/**
 * Runs of each LM that teaches: a teacher is taken to be right as often as the program was.
 *
 * @param demos of the teacher's prompts, where an earlier search found some.
 */
function bootstrapRuns(settings: SizedSettings, correct: number, demos: Estimate | null): readonly Runs[] {
  const { train, rounds, maxLabeledDemos: labelled } = settings;
  const bootstraps = candidatePlans(settings).filter(({ source }) => source === 'bootstrap');
  const rate = 1 - (1 - correct) ** rounds;
  const rows = bootstraps.map(({ size }) => Math.min(train, size / Math.max(rate, 1e-9)));
  // Without labelled demos of its own the teacher's prompt is the same for all candidates, and so are its traces. A
  // search that finds no demos leaves the teacher without: at most it is labelled again.
  const shared = labelled === 0 || demos !== null;
  const distinct = labelled > 0 ? bootstraps.length : Math.min(1, bootstraps.length);
  const bootstrapped = shared ? Math.min(train, sum(rows)) : sum(rows);
  const prompts = { expected: demos?.expected ?? labelled, most: Math.max(demos?.most ?? 0, labelled) };
  return answeringInTurn(settings.teacher).map((of, place) => ({
    runs: {
      // The second is asked where the first was wrong.
      expected: bootstrapped * tries(correct, rounds) * (1 - rate) ** place,
      most: distinct * train * rounds,
    },
    demos: prompts,
    ...given({ of }),
  }));
}
