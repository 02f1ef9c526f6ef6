import { given } from '../../../base/given.ts';
import { bootstrapRuns } from '../../demos/plan.ts';
import type { Estimate, PlanContext, PlannedCalls, Runs, StepPlan } from '../../estimate.ts';
import { both, noDemos } from '../../estimate.ts';
import { lengthOfInstructions, usualInstruction } from '../../proposer/length.ts';
import { frameTokens } from '../../proposer/prompt.ts';
import { askedOf } from '../../proposer/question.ts';
import { rounds } from './demoSets.ts';
import { rowsAtOnce, summaryCalls } from './proposer/summary.ts';
import type { DrawSizes } from './search/draws.ts';
import { drawsOf } from './search/draws.ts';
import { budgetOf, isZeroShot } from './settings.ts';
import type { SizedSettings } from './settings.ts';

/** What a search takes: demo sets are bootstrapped, instructions asked for, and V rows run for trials and in full. */
export function planMipro(settings: SizedSettings, context: PlanContext): StepPlan {
  const { sample, prompts } = context;
  const found = isZeroShot(settings) ? prompts.demos : demosFound(settings);
  const longer = lengthOfInstructions(settings.proposer, prompts);
  const sets = bootstrapsOf(settings, sample.predictors);
  return {
    runs: [
      { runs: validationRuns(settings, sample.predictors), demos: demosShown(settings, found, prompts.demos), longer },
      ...bootstrapRuns({ ...settings, rounds, sets }, sample.correct, prompts.demos),
    ],
    calls: [{ ...callsOf(settings, context), ...given({ of: askedOf(settings.proposer) }) }],
    prompts: { ...prompts, demos: found, instructions: true, longer },
  };
}

/** The start, trials, and full evaluations: those have some rows of their minibatches already. */
function validationRuns(settings: SizedSettings, predictors: number): Estimate {
  const { validation, minibatch, fullEvery } = settings;
  const { trials } = budgetOf(settings, predictors);
  if (minibatch === 0) return both(validation * (1 + trials));
  const inFull = Math.ceil(trials / fullEvery);
  const drawn = validation + trials * minibatch;
  return { expected: drawn + inFull * (validation - minibatch), most: drawn + inFull * validation };
}

/** Demos a predictor has after a search: any of the sets may win, none among them. */
function demosFound({ maxBootstrappedDemos, maxLabeledDemos }: SizedSettings): Estimate {
  const most = Math.max(maxBootstrappedDemos, maxLabeledDemos);
  return { expected: (most + maxLabeledDemos) / 2, most };
}

/** In the prompts of trials. The program as it was found, which is scored too, may have more. */
function demosShown({ folds }: SizedSettings, found: Estimate | null, before: Estimate | null): Runs['demos'] {
  const { expected, most } = found ?? noDemos;
  // A row is answered without the demos of its own fold.
  const shown = folds === null ? expected : expected * (1 - 1 / folds);
  return { expected: shown, most: Math.max(most, before?.most ?? 0) };
}

/** Bootstrapped demos that each set is to have. How many that are, draws decide; any seed stands for the others. */
function bootstrapsOf(settings: SizedSettings, predictors: number): readonly number[] {
  const { maxBootstrappedDemos, maxLabeledDemos } = settings;
  const { instructions, demoSets } = budgetOf(settings, predictors);
  const none = { train: 1, validation: 1, validationAtMost: null } satisfies Partial<DrawSizes>;
  const sizes = { ...none, instructions, demoSets, maxBootstrappedDemos, maxLabeledDemos, predictors };
  return drawsOf(0, sizes).demoSets.flatMap((plan) => (plan.source === 'bootstrap' ? [plan.size] : []));
}

/** Questions to the proposer: about the data, the program and each predictor, and for each instruction but the first. */
function callsOf(settings: SizedSettings, { sample }: PlanContext): Omit<PlannedCalls, 'of'> {
  const { promptTokens, maxTokens } = settings.proposer;
  const { predictors, calls, inputTokens, outputTokens } = sample;
  const { instructions } = budgetOf(settings, predictors);
  const questions = summaryCalls(settings.train) + 1 + predictors + predictors * (instructions - 1);
  const run = calls * ((inputTokens ?? 0) + (outputTokens ?? 0));
  return {
    calls: both(questions),
    inputTokens: { expected: Math.min(promptTokens, frameTokens + (rowsAtOnce / 2) * run), most: promptTokens },
    outputTokens: { expected: Math.min(maxTokens, usualInstruction), most: maxTokens },
  };
}
