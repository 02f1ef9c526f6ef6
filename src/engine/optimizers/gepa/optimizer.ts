import * as z from 'zod';
import { contentHash } from '../../../base/contentHash.ts';
import type { Example } from '../../../data/program.ts';
import { programStateSchema } from '../../../data/program.ts';
import { defineOptimizer } from '../../defineOptimizer.ts';
import type { Carry, StepContext, StepResult } from '../../optimizer.ts';
import { askedOf, lmsOfProposer } from '../../proposer/question.ts';
import { decisiveLimits } from '../../proposer/settings.ts';
import { rememberedSearch } from '../../rememberedSearch.ts';
import type { Scope } from '../../scope.ts';
import { searchRows } from '../../searchRows.ts';
import { questionsOf } from '../../folds.ts';
import { contentOf, instructionsOf } from '../../state.ts';
import { askedTeacher, identityOfAsked } from '../../teacher.ts';
import { tell } from './candidates.ts';
import { planReflection } from './plan.ts';
import { search, winner } from './search/search.ts';
import type { SearchSetup } from './search/terms.ts';
import type { SizedSettings } from './settings.ts';
import { atMost, resolve, rolloutsOf, settingsSchema, sized, writtenSchema } from './settings.ts';
import { GepaTask } from './task.ts';
import type { TaskParts } from './task.ts';

/** New instructions by reflection on what happened (GEPA, arXiv 2507.19457), on the weights and demos as they are. */
export const gepa = defineOptimizer({
  kind: 'gepa',
  title: 'reflective search',
  changes: 'prompts',
  readsCode: true,
  written: writtenSchema,
  settings: settingsSchema,
  resolve,
  fit: (settings, { rows }, key) => sized(settings, rows, key),
  teacher: ({ teacher }) => teacher,
  asks: ({ proposer }) => lmsOfProposer(proposer),
  searchSize: ({ validation }) => ({ validation }),
  run,
  plan: planReflection,
  tell,
});

/** Why such rows have no result where they are shared. */
const allAlike =
  'All training rows have the same inputs, so "folds" leaves none to choose on: what is learned from one answers all.';

const foundSchema = z.object({ state: programStateSchema, candidate: z.number() });
type Found = z.infer<typeof foundSchema>;

async function run(settings: SizedSettings, context: StepContext, carry: Carry, scope: Scope): Promise<StepResult> {
  const { identity, metricRange, seed, predictors, source } = context;
  const rows = searchRows(settings, carry.train);
  const sharedRows = settings.folds === null ? null : questionsOf(rows.train);
  if (sharedRows?.every((first) => first === 0)) return { skipped: allAlike };
  const contents = (examples: readonly Example[]) => examples.map(contentOf);
  const key = contentHash([
    'reflective search',
    identity,
    { start: carry.state, predictors, settings: decisive(settings, predictors.length), metricRange, seed, source },
    contents(rows.train),
    contents(rows.validation),
    whoAnswers(settings, context),
  ]);
  const found = await rememberedSearch(context, { key, found: foundSchema }, scope, (record) => {
    const { proposer, teacher } = settings;
    const task = new GepaTask({
      context,
      proposer,
      teacher: askedTeacher(teacher),
      start: carry.state,
      rows,
      scope,
      record,
    });
    return reflect(settings, task, { rows, sharedRows, predictors, start: carry.state, seed });
  });
  return { state: found.state, candidate: found.candidate, validation: settings.folds === null ? rows.validation : [] };
}

/** The settings that decide a search, besides who answers. */
function decisive(settings: SizedSettings, predictors: number): unknown {
  const { minibatch, skipPerfect, merge, folds, proposer } = settings;
  const rollouts = rolloutsOf(settings, predictors);
  const rows = folds === null ? { folds } : { rows: 'shared' };
  return { rollouts, minibatch, skipPerfect, merge, ...rows, ...decisiveLimits(proposer) };
}

/** What decides the answers of the proposer, and of a teacher. */
function whoAnswers({ proposer, teacher }: SizedSettings, { model, endpoints }: StepContext): unknown {
  const all = [askedOf(proposer) ?? { model }, askedTeacher(teacher)].filter((asked) => asked !== undefined);
  return all.map((asked) => identityOfAsked(asked, endpoints));
}

type ReflectedOn = Pick<TaskParts, 'rows' | 'start'> &
  Pick<StepContext, 'predictors' | 'seed'> &
  Pick<SearchSetup, 'sharedRows'>;

async function reflect(
  settings: SizedSettings,
  task: GepaTask,
  { rows, sharedRows, predictors, start, seed }: ReflectedOn,
): Promise<Found> {
  const { minibatch, skipPerfect, merge } = settings;
  const setup: SearchSetup = {
    texts: instructionsOf(start, predictors),
    rows: { train: rows.train.length, validation: rows.validation.length },
    minibatch,
    perfectScore: skipPerfect ? 1 : null,
    metricCalls: rolloutsOf(settings, predictors.length),
    merge: atMost(merge),
    overshoot: false,
    sharedRows,
    seed,
  };
  const state = await search(setup, task, {
    note: (_state, iteration) => {
      task.note(iteration);
    },
  });
  const candidate = winner(setup, state);
  return { state: task.stateOf(state.pool[candidate]!.texts), candidate };
}
