import * as z from 'zod';
import { contentHash } from '../../../base/contentHash.ts';
import type { Example, ProgramState } from '../../../data/program.ts';
import { programStateSchema } from '../../../data/program.ts';
import { scoreSchema } from '../../../protocol.ts';
import type { StepContext } from '../../optimizer.ts';
import { bootstrapFewShot, TeacherTraces } from '../../demos/bootstrap.ts';
import type { DemosByPredictor } from '../../demos/demos.ts';
import { labeledFewShot, withoutOwnFold, withRowDemos } from '../../demos/demos.ts';
import { foldsOf } from '../../folds.ts';
import { PythonRandom } from '../../pythonRandom.ts';
import type { SearchRecord } from '../../rememberedSearch.ts';
import { rememberedSearch } from '../../rememberedSearch.ts';
import type { Runner } from '../../runner.ts';
import type { Scope } from '../../scope.ts';
import type { About, CandidatePlan } from './candidates.ts';
import { candidatePlans } from './candidates.ts';
import type { SizedSettings } from './settings.ts';
import { contentOf, stateHash } from '../../state.ts';
import { askedTeacher, identityOfAsked } from '../../teacher.ts';
import type { Contest } from '../../validation/contest.ts';
import { ExactContest } from '../../validation/exact.ts';
import { RacingContest } from '../../validation/racing.ts';
import { Validation } from '../../validation/validation.ts';

export interface PromptSearch {
  /** Where the search starts: Π, or Π′ in the second of two prompt steps. Its weights are kept. */
  readonly start: ProgramState;
  /** The start came out of an earlier prompt search and teaches with its own demos. */
  readonly startCompiled: boolean;
  readonly predictors: readonly string[];
  /** T: rows to bootstrap on, in the order of this step's shuffle. */
  readonly trainset: readonly Example[];
  /** V: rows to choose on; with folds those of T, in the same order. */
  readonly validation: readonly Example[];
  readonly settings: SizedSettings;
  readonly threshold: number;
  readonly metricRange: readonly [number, number];
  /** Decides the orders of rows in a race. */
  readonly seed: number;
}

export type SearchParts = Pick<StepContext, 'runner' | 'journal' | 'memory' | 'meter' | 'identity' | 'endpoints'>;

interface Built {
  readonly demos: DemosByPredictor;
  readonly attempts: number;
  readonly correct: number;
  readonly speculative: number;
}

const resultSchema = z.object({ state: programStateSchema, candidate: z.number(), score: scoreSchema });
export type PromptSearchResult = z.infer<typeof resultSchema>;

/**
 * BootstrapFewShotWithRandomSearch (paper, algorithm 2; dspy/teleprompt/random_search.py): all candidates at once,
 * the best on V wins, ties go to the earlier. Runs on the weights of `start`: after a weight step that is the tuned LM.
 * With folds a row is answered without the demos of its own fold, and what wins is the candidate with all its demos.
 * Where candidates race, the winner is the best but for what a race may lose (`Race`).
 *
 * The winner does not depend on timing, but which rows of a losing candidate are still run does. So a finished search
 * is remembered as a whole, with all that its program runs read: done again it costs nothing.
 */
export async function searchPrompts(
  parts: SearchParts,
  search: PromptSearch,
  scope: Scope,
): Promise<PromptSearchResult> {
  const { start, startCompiled, predictors, threshold, metricRange, seed } = search;
  const { teacher, ...settings } = search.settings;
  const asks = askedTeacher(teacher);
  const rows = (examples: readonly Example[]) => examples.map(contentOf);
  const key = contentHash([
    'prompt search',
    parts.identity,
    { start, startCompiled, predictors, settings, threshold, metricRange },
    rows(search.trainset),
    rows(search.validation),
    // Searches that were remembered before there were teachers keep their keys.
    ...(asks === undefined ? [] : [teacher?.own, identityOfAsked(asks, parts.endpoints)]),
    ...(settings.racing === undefined ? [] : [{ racing: seed }]),
  ]);
  return rememberedSearch(parts, { key, found: resultSchema }, scope, (record) =>
    compete(parts.runner, search, scope, record),
  );
}

async function compete(
  runner: Runner,
  search: PromptSearch,
  scope: Scope,
  { tell, keep }: SearchRecord,
): Promise<PromptSearchResult> {
  const { start, settings, predictors, threshold, validation, metricRange } = search;
  const traces = new TeacherTraces(runner, scope, { ...settings, predictors, threshold });
  const answering = answeringOf(search);
  const plans = candidatePlans(settings);
  const contest = contestOf(search, plans.length);
  const validated = new Validation(runner, scope, { rows: validation, metricRange, contest });
  const scored = await Promise.all(
    plans.map(async (plan, candidate) => {
      const { demos: found, ...bootstrap } = await build(plan, candidate, search, traces);
      const state = withRowDemos(start, predictors, found);
      const demos = predictors.reduce((most, name) => Math.max(most, state.predictors[name]?.demos.length ?? 0), 0);
      const { source, seed } = plan;
      const { prefix } = scope;
      const about: About = { source, seed, demos, ...bootstrap };
      keep(state);
      tell({ type: 'candidate.started', prefix, candidate, state: stateHash(state), about });
      // Zero-shot is ready first and seldom wins: it fills what slots the others leave.
      const turn = source === 'zeroShot' ? plans.length : candidate;
      const { score, scored: rows, unlikely } = await validated.score(candidate, answering(state, found), turn);
      const why = unlikely === undefined ? {} : { unlikely };
      tell({ type: 'candidate.finished', prefix, candidate, score, scored: rows, of: validation.length, ...why });
      return { state, score };
    }),
  );
  const winner = validated.best()!;
  const { state, score } = scored[winner]!;
  return { state, candidate: winner, score: score! };
}

function contestOf({ settings, validation, seed }: PromptSearch, candidates: number): Contest {
  const { racing } = settings;
  if (racing === undefined) return new ExactContest(validation.length);
  return new RacingContest(validation.length, candidates, racing, seed);
}

/** By a candidate, and the demos in it: the state in which it answers each row of V. */
type Answering = (candidate: ProgramState, demos: DemosByPredictor) => (row: Example) => ProgramState;

function answeringOf({ settings, validation, predictors }: PromptSearch): Answering {
  if (settings.folds === undefined) return (candidate) => () => candidate;
  const folds = foldsOf(validation, settings.folds);
  return (candidate, demos) => withoutOwnFold(candidate, predictors, demos, folds);
}

async function build(
  plan: CandidatePlan,
  candidate: number,
  search: PromptSearch,
  traces: TeacherTraces,
): Promise<Built> {
  const { start, predictors, trainset, settings } = search;
  const { maxLabeledDemos: maxLabeled } = settings;
  const none = { attempts: 0, correct: 0, speculative: 0 };
  if (plan.source === 'zeroShot') return { demos: {}, ...none };
  if (plan.source === 'labels') return { demos: labeledFewShot(predictors, trainset, maxLabeled), ...none };
  const { demos, runs, ...counts } = await bootstrapFewShot({
    traces,
    teacher: start,
    teacherCompiled: search.startCompiled,
    predictors,
    trainset: plan.seed < 0 ? trainset : new PythonRandom(plan.seed).shuffle(trainset),
    maxBootstrapped: plan.size,
    maxLabeled,
    asker: { candidate, turn: candidate },
  });
  return { demos, attempts: runs, ...counts };
}
