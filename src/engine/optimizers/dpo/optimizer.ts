import type { PreferenceRow, PreferenceSet } from '../../../data/trainingSet.ts';
import { keepCollected } from '../../collectedRows.ts';
import { defineOptimizer } from '../../defineOptimizer.ts';
import type { Carry, Skipped, StepContext, StepResult } from '../../optimizer.ts';
import type { Scope } from '../../scope.ts';
import { withModel } from '../../state.ts';
import { train } from '../../training.ts';
import type { WeightParts } from '../../weightParts.ts';
import { weightParts } from '../../weightParts.ts';
import type { Choice } from './accept.ts';
import { accept } from './accept.ts';
import { tell } from './candidates.ts';
import { collectPairs } from './collectPairs.ts';
import { planPreferences } from './plan.ts';
import { preferenceRows } from './rows.ts';
import type { FittedSettings } from './settings.ts';
import { resolve, settingsSchema, writtenSchema } from './settings.ts';

/**
 * New weights by direct preference optimization (Rafailov et al. 2023, arXiv 2305.18290) on the program's own answers: one
 * that made the result right is preferred to one that made it wrong under the same prompt.
 */
export const dpo = defineOptimizer({
  kind: 'dpo',
  title: 'preference optimization',
  changes: 'weights',
  trains: 'dpo',
  written: writtenSchema,
  settings: settingsSchema,
  resolve,
  fit: (settings, { modelsPerJob }): FittedSettings => ({ ...settings, checkpoints: modelsPerJob - 1 }),
  run,
  plan: planPreferences,
  tell,
});

async function run(settings: FittedSettings, context: StepContext, carry: Carry, scope: Scope): Promise<StepResult> {
  const parts = weightParts(context);
  if ('skipped' in parts) return parts;
  const { tuned, seed } = parts;
  const parent = carry.state.predictors[tuned[0]!]!.model;
  const set = await preferenceSet(settings, parts, carry, scope);
  if ('skipped' in set) return set;
  const { epochs, learningRate, schedule, batchSize, lora } = settings;
  const hyperParameters = { epochs, learningRate, schedule, batchSize, lora, seed };
  const { model, checkpoints } = await train(parts, { parent, set, hyperParameters }, scope);
  const answering = (name: string, step: number | null): Choice => ({
    state: withModel(carry.state, tuned, name),
    about: { weights: 'trained', step },
  });
  const kept = checkpoints.slice(0, settings.checkpoints).map(({ model: name, step }) => answering(name, step));
  const trained = [answering(model, null), ...kept];
  const { unreadable } = settings;
  return accept(parts, { before: carry.state, trained, predictors: tuned, unreadable }, scope);
}

async function preferenceSet(
  settings: FittedSettings,
  context: WeightParts,
  carry: Carry,
  scope: Scope,
): Promise<PreferenceSet | Skipped> {
  const { trainer, tuned: predictors, threshold } = context;
  const { train: examples } = carry;
  const request = { current: carry.state, predictors, examples, settings, threshold };
  const { pairs, correct, mixed } = await collectPairs(context, request, scope);
  const rows = await preferenceRows(context.program, carry.state, pairs);
  const set: PreferenceSet = { method: 'dpo', rows, beta: settings.beta };
  await keepCollected(context, { set, predictors, tried: examples.length, correct }, scope);
  warnOfNone(context, rows, scope);
  const { leastRows = 1 } = trainer;
  return rows.length < leastRows ? { skipped: tooFew(rows.length, { correct, mixed, of: examples.length }) } : set;
}

/** Behind a predictor that never says the same twice, none is ever asked the same twice. */
function warnOfNone({ journal, tuned }: StepContext, rows: readonly PreferenceRow[], { prefix }: Scope): void {
  const without = tuned.filter((name) => rows.every(({ predictor }) => predictor !== name));
  if (rows.length === 0 || without.length === 0) return;
  const message =
    `Step "${prefix}": there is no pair of ${without.join(', ')}, which learns nothing: it was never right and wrong on ` +
    'the same inputs (docs/preferences.md).';
  journal.append({ type: 'warning', message });
}

function tooFew(pairs: number, { correct, mixed, of }: Record<'correct' | 'mixed' | 'of', number>): string {
  const what = pairs === 0 ? 'nothing to compare' : `too few pairs for the training service (${pairs})`;
  return `${what}: ${correct} of ${of} training examples had a correct run, ${mixed} a wrong one too`;
}
