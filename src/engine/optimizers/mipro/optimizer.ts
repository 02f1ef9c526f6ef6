import * as z from 'zod';
import { contentHash } from '../../../base/contentHash.ts';
import type { ProgramState } from '../../../data/program.ts';
import { programStateSchema } from '../../../data/program.ts';
import { defineOptimizer } from '../../defineOptimizer.ts';
import type { DemosByPredictor } from '../../demos/demos.ts';
import { foldsOf } from '../../folds.ts';
import type { Carry, StepContext, StepResult } from '../../optimizer.ts';
import { askedOf, lmsOfProposer } from '../../proposer/question.ts';
import { decisiveLimits } from '../../proposer/settings.ts';
import type { SearchRecord } from '../../rememberedSearch.ts';
import { rememberedSearch } from '../../rememberedSearch.ts';
import type { Scope } from '../../scope.ts';
import { searchRows } from '../../searchRows.ts';
import { contentOf, samePrompts } from '../../state.ts';
import { askedTeacher, identityOfAsked } from '../../teacher.ts';
import { tell } from './candidates.ts';
import { makeDemoSets } from './demoSets.ts';
import { planMipro } from './plan.ts';
import type { Proposed, ProposerParts } from './proposer/propose.ts';
import { learn, propose } from './proposer/propose.ts';
import type { Draws } from './search/draws.ts';
import { drawsOf } from './search/draws.ts';
import { search } from './search/search.ts';
import { budgetOf, isZeroShot, resolve, settingsSchema, sized, writtenSchema } from './settings.ts';
import type { SizedSettings } from './settings.ts';
import { MiproTask } from './task.ts';

/**
 * Instructions and demos together, on the weights as they are (MIPROv2: Opsahl-Ong et al. 2024, arXiv 2406.11695): demo
 * sets are bootstrapped, instructions proposed, and combinations of them searched by what trials show.
 */
export const mipro = defineOptimizer({
  kind: 'mipro',
  title: 'instruction and demo search',
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
  plan: planMipro,
  tell,
});

const foundSchema = z.object({ state: programStateSchema, candidate: z.number() });
type Found = z.infer<typeof foundSchema>;

async function run(settings: SizedSettings, context: StepContext, carry: Carry, scope: Scope): Promise<StepResult> {
  const { identity, metricRange, threshold, seed, predictors, source, start } = context;
  const rows = searchRows(settings, carry.train);
  const startCompiled = !samePrompts(carry.state, start, predictors);
  const contents = (examples: typeof rows.train) => examples.map(contentOf);
  const key = contentHash([
    'instruction and demo search',
    identity,
    { start: carry.state, startCompiled, predictors, settings: decisive(settings) },
    { metricRange, threshold, seed, source },
    contents(rows.train),
    contents(rows.validation),
    whoAnswers(settings, context),
  ]);
  const work = { settings, context, state: carry.state, startCompiled, rows, scope };
  const found = await rememberedSearch(context, { key, found: foundSchema }, scope, (record) =>
    searchCombinations({ ...work, record }),
  );
  return { state: found.state, candidate: found.candidate, validation: settings.folds === null ? rows.validation : [] };
}

/** The settings that decide a search, besides its rows and who answers. */
function decisive(settings: SizedSettings): unknown {
  const { auto, trials, candidates, maxBootstrappedDemos, maxLabeledDemos, minibatch, fullEvery, folds } = settings;
  return {
    ...{ auto, trials, candidates, maxBootstrappedDemos, maxLabeledDemos, minibatch, fullEvery, folds },
    ...decisiveLimits(settings.proposer),
  };
}

/** What decides the answers of the proposer, and of a teacher. */
function whoAnswers({ proposer, teacher }: SizedSettings, { model, endpoints }: StepContext): unknown {
  const taught = askedTeacher(teacher);
  const identity = (asked: NonNullable<typeof taught>) => identityOfAsked(asked, endpoints);
  return [identity(askedOf(proposer) ?? { model }), taught === undefined ? null : [teacher?.own, identity(taught)]];
}

interface Work {
  readonly settings: SizedSettings;
  readonly context: StepContext;
  /** Where the search starts. */
  readonly state: ProgramState;
  /** It came out of an earlier prompt search. */
  readonly startCompiled: boolean;
  readonly rows: ReturnType<typeof searchRows>;
  readonly scope: Scope;
  readonly record: SearchRecord;
}

async function searchCombinations(work: Work): Promise<Found> {
  const { settings, context, state, rows, scope, record } = work;
  const budget = budgetOf(settings, context.predictors.length);
  const draws = drawsFor(work, budget);
  const { instructions, sets } = await choicesOf(work, draws);
  const demoSets = isZeroShot(settings) ? null : sets;
  const validation = draws.validation.map((place) => rows.validation[place]!);
  const folds = settings.folds === null ? null : foldsOf(rows.train, settings.folds);
  const task = new MiproTask({ context, start: state, instructions, demoSets, validation, folds, scope, record });
  const { minibatch: size, fullEvery } = settings;
  const setup = {
    choices: instructions.map((texts) => ({ instructions: texts.length, demoSets: demoSets?.length ?? null })),
    validation: validation.length,
    trials: budget.trials,
    minibatch: size === 0 ? null : { size, fullEvery },
    seed: samplerSeed(context.seed),
  };
  const found = await search(setup, task, draws);
  return { state: task.stateOf(found.combination), candidate: task.candidateOf(found) };
}

function drawsFor({ settings, context, rows }: Work, budget: ReturnType<typeof budgetOf>): Draws {
  const { auto, maxBootstrappedDemos, maxLabeledDemos } = settings;
  const { instructions, demoSets } = budget;
  return drawsOf(context.seed, {
    ...{ instructions, demoSets, maxBootstrappedDemos, maxLabeledDemos },
    train: rows.train.length,
    validation: rows.validation.length,
    // DSPy samples its rows where the budget is given in words: of as many as there are that is a new order.
    validationAtMost: auto === null ? null : rows.validation.length,
    predictors: context.predictors.length,
  });
}

/** numpy takes no others (optuna's samplers). */
const samplerSeed = (seed: number): number => Math.abs(seed) % 2 ** 32;

interface ChoicesMade {
  /** By predictor, its own first. */
  readonly instructions: readonly (readonly string[])[];
  readonly sets: readonly DemosByPredictor[];
}

/** The data and the program are described while demos are bootstrapped. */
async function choicesOf(work: Work, draws: Draws): Promise<ChoicesMade> {
  const { settings, context, state, startCompiled, rows, scope } = work;
  const { predictors, runner, threshold } = context;
  const { teacher, maxLabeledDemos } = settings;
  const parts = await proposerParts(work);
  const [sets, background] = await Promise.all([
    makeDemoSets(draws.demoSets, {
      ...{ runner, scope, start: state, startCompiled, predictors, trainset: rows.train },
      ...{ maxLabeledDemos, threshold, teacher },
    }),
    learn(rows.train, parts),
  ]);
  const proposed = await propose(parts, background, sets, draws.proposals);
  logProposals(work, proposed);
  return { sets, instructions: parts.instructions.map((own, i) => [own, ...textsOf(proposed[i]!)]) };
}

async function proposerParts({ settings, context, state }: Work): Promise<ProposerParts> {
  const { ask, source, predictors, program } = context;
  const described = new Map((await program.describe()).predictors.map((predictor) => [predictor.name, predictor]));
  return {
    ...{ ask, source, proposer: settings.proposer },
    modules: predictors.map((name) => described.get(name)!),
    instructions: predictors.map((name) => state.predictors[name]!.instructions),
  };
}

function textsOf(proposed: readonly Proposed[]): readonly string[] {
  return proposed.flatMap((each) => (each.kind === 'instruction' ? [each.text] : []));
}

function logProposals({ record, scope, context }: Work, proposed: readonly (readonly Proposed[])[]): void {
  const all = proposed.flatMap((each, i) => each.map((one) => ({ one, predictor: context.predictors[i]! })));
  all.forEach(({ one, predictor }, proposal) => {
    const end =
      one.kind === 'instruction' ? { end: 'proposed' as const } : { end: 'refused' as const, reason: one.reason };
    record.tell({ type: 'proposal', prefix: scope.prefix, proposal, parents: [], predictor, ...end });
  });
}
