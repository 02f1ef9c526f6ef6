/** The demo sets that a search chooses from. */
import type { Example, ProgramState } from '../../../data/program.ts';
import { bootstrapFewShot, onlyNeeded, TeacherTraces } from '../../demos/bootstrap.ts';
import type { DemosByPredictor } from '../../demos/demos.ts';
import { labeledFewShot } from '../../demos/demos.ts';
import type { Runner } from '../../runner.ts';
import type { Scope } from '../../scope.ts';
import type { KeptTeacher } from '../../settingSchemas.ts';
import type { DemoSetPlan } from './search/draws.ts';

/** How often an example may be tried until its trace is correct (DSPy: `max_rounds`). */
export const rounds = 1;

export interface DemoSource {
  readonly runner: Runner;
  readonly scope: Scope;
  /** Where the search starts: it teaches, unless there is a teacher. */
  readonly start: ProgramState;
  /** The start came out of an earlier prompt search and teaches with its own demos. */
  readonly startCompiled: boolean;
  readonly predictors: readonly string[];
  /** T, in the order of this step's shuffle. */
  readonly trainset: readonly Example[];
  readonly maxLabeledDemos: number;
  readonly threshold: number;
  readonly teacher: KeptTeacher;
}

/**
 * One set a plan, in order, bootstrapped side by side: a row that several sets try with the same prompt is run once
 * (dspy/teleprompt/utils.py, `create_n_fewshot_demo_sets`).
 */
export function makeDemoSets(plans: readonly DemoSetPlan[], source: DemoSource): Promise<readonly DemosByPredictor[]> {
  const { runner, scope, predictors, threshold, teacher } = source;
  const traces = new TeacherTraces(runner, scope, { predictors, threshold, teacher, rounds, roundTemperature: 1 });
  return Promise.all(plans.map((plan, turn) => makeDemoSet(plan, turn, source, traces)));
}

async function makeDemoSet(
  plan: DemoSetPlan,
  turn: number,
  { predictors, trainset, start, startCompiled, maxLabeledDemos: maxLabeled }: DemoSource,
  traces: TeacherTraces,
): Promise<DemosByPredictor> {
  if (plan.source === 'zeroShot') return {};
  if (plan.source === 'labels') return labeledFewShot(predictors, trainset, maxLabeled);
  const { demos } = await bootstrapFewShot({
    ...{ traces, predictors, maxLabeled },
    teacher: start,
    teacherCompiled: startCompiled,
    trainset: plan.rows.map((row) => trainset[row]!),
    maxBootstrapped: plan.size,
    asker: { candidate: null, turn },
    // The sets are bootstrapped side by side, and beside the proposer's work: making no call in vain costs little time.
    ahead: onlyNeeded,
  });
  return demos;
}
