import { HumanError } from '../data/errors.ts';
import type { Example, ProgramState } from '../data/program.ts';
import type { TrainingRow } from '../data/trace.ts';
import { chooseCheckpoint } from './checkpoints.ts';
import { collectRows } from './fineTuning.ts';
import type { Program, Trainer } from './interfaces.ts';
import { priority } from './pool.ts';
import type { SearchParts } from './promptSearch.ts';
import { candidatePlans, searchPrompts } from './promptSearch.ts';
import type { Scope } from './scope.ts';
import type { OptimizeSettings, PromptSettings } from './settings.ts';
import { samePrompts, withModel, withPromptsOf } from './state.ts';
import type { TrainingParts } from './training.ts';
import { train } from './training.ts';

/** What a step is handed from the one before it. */
export interface Carry {
  readonly state: ProgramState;
  /** The training set in the order of this step's shuffle. */
  readonly train: readonly Example[];
  /** Rows that the last prompt search chose on. */
  readonly validation: readonly Example[];
}

interface Reached {
  readonly state: ProgramState;
  readonly candidate: number | null;
  readonly validation: readonly Example[];
}

interface Skipped {
  /** Why there is no result. */
  readonly skipped: string;
}

export type StepResult = Reached | Skipped;

export interface StepParts extends SearchParts, Omit<TrainingParts, 'trainer'> {
  readonly program: Program;
  /** `null` when the strategy has no weight step. */
  readonly trainer: Trainer | null;
}

/** What is the same for all steps of a run. */
export interface StepWork {
  readonly settings: OptimizeSettings;
  /** Φ⟨Θ,Π⟩, where the run started. */
  readonly start: ProgramState;
  readonly predictors: readonly string[];
  /** The predictors whose weights may change. */
  readonly tuned: readonly string[];
  readonly dev: readonly Example[];
}

export function searchSize(
  settings: PromptSettings,
  { train }: Carry,
): { readonly candidates: number; readonly validation: number } {
  return { candidates: candidatePlans(settings).length, validation: searchRows(settings, train).validation.length };
}

/** Algorithm 1, lines 1 and 3: new prompts for the weights as they are. */
export async function promptStep(
  parts: StepParts,
  { settings, start, predictors }: StepWork,
  carry: Carry,
  scope: Scope,
): Promise<Reached> {
  const { p, threshold, metricRange } = settings;
  const { trainset, validation } = searchRows(p, carry.train);
  const startCompiled = !samePrompts(carry.state, start, predictors);
  const { state, candidate } = await searchPrompts(
    parts,
    { start: carry.state, startCompiled, predictors, trainset, validation, settings: p, threshold, metricRange },
    scope,
  );
  return { state, candidate, validation };
}

/** T to bootstrap on and V to choose on. */
function searchRows(
  { train: size, validation }: PromptSettings,
  train: readonly Example[],
): { readonly trainset: readonly Example[]; readonly validation: readonly Example[] } {
  return { trainset: train.slice(0, size), validation: train.slice(size, size + validation) };
}

/** Algorithm 1, line 2: new weights from traces of the program as it is. */
export async function weightStep(parts: StepParts, work: StepWork, carry: Carry, scope: Scope): Promise<StepResult> {
  const { trainer, journal, runner } = parts;
  const { settings, start, predictors, tuned, dev } = work;
  const { w, model: base, seed, metricRange } = settings;
  if (trainer === null) throw new HumanError('The strategy has a weight step, but no fine-tune endpoint is set up.');
  if (tuned.length === 0) return { skipped: 'nothing to train: every predictor has an LM of its own' };
  const collected = await trainingRows({ ...parts, trainer }, work, carry, scope);
  if ('skipped' in collected) return collected;
  const current = carry.state.predictors[tuned[0]!]!.model;
  if (current !== base && !trainer.continues) {
    journal.append({
      type: 'warning',
      message: `Step "${scope.prefix}": the back end cannot go on from ${current}; it trains ${base} again.`,
    });
  }
  const parent = trainer.continues ? current : base;
  const job = { parent, rows: collected.rows, hyperParameters: { ...w.hyperParameters, seed } };
  const { model, checkpoints } = await train({ ...parts, trainer }, job, scope);
  // Line 3 starts from Π: a model trained on vanilla prompts answers with the original ones.
  const prompts = w.prompts === 'vanilla' ? start : carry.state;
  const answering = (name: string) => withModel(withPromptsOf(carry.state, prompts, predictors), tuned, name);
  const tries = checkpoints.slice(0, w.checkpoints ?? 0);
  const request = { model, checkpoints: tries, answering, examples: dev, metricRange };
  return { ...(await chooseCheckpoint({ runner, journal }, request, scope)), validation: carry.validation };
}

async function trainingRows(
  { runner, program, journal, trainer }: StepParts & { readonly trainer: Trainer },
  { settings, start, tuned }: StepWork,
  carry: Carry,
  scope: Scope,
): Promise<{ readonly rows: readonly TrainingRow[] } | Skipped> {
  const { w, threshold } = settings;
  const left = new Set(w.examples === 'train' ? carry.validation : []);
  const request = {
    current: carry.state,
    start,
    predictors: tuned,
    examples: carry.train.filter((example) => !left.has(example)),
    settings: w,
    threshold,
    priority: priority.collect,
    trainer,
  };
  const { rows, tried, correct } = await collectRows(runner, program, journal, request, scope);
  const found = `${correct} of ${tried} training examples had a correct trace`;
  if (rows.length === 0) return { skipped: `nothing to train on: ${found}` };
  const { leastRows = 1 } = trainer;
  if (rows.length >= leastRows) return { rows };
  const least = `the training service takes ${leastRows} or more`;
  return { skipped: `too few rows to train on: ${found}, which makes ${rows.length} rows; ${least}` };
}
