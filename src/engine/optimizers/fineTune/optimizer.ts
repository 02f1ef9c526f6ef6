import type { TrainingRow } from '../../../data/trace.ts';
import type { Carry, Skipped, StepContext, StepResult } from '../../optimizer.ts';
import { priority } from '../../pool.ts';
import type { Scope } from '../../scope.ts';
import { withModel, withPromptsOf } from '../../state.ts';
import { train } from '../../training.ts';
import type { WeightParts } from '../../weightParts.ts';
import { weightParts } from '../../weightParts.ts';
import { defineOptimizer } from '../../defineOptimizer.ts';
import { chooseCheckpoint, tell } from './checkpoints.ts';
import { collectRows } from './collectRows.ts';
import { planTuning } from './plan.ts';
import { kindOfPrompts, promptsOf, promptsTrained } from './prompts.ts';
import type { FittedSettings, PromptKind } from './settings.ts';
import { resolve, settingsSchema, writtenSchema } from './settings.ts';

/** w: new weights by BootstrapFinetune, from traces of the program as it is (paper, algorithm 1, line 2). */
export const fineTune = defineOptimizer({
  kind: 'w',
  spellings: ['θ'],
  title: 'fine-tuning',
  changes: 'weights',
  written: writtenSchema,
  settings: settingsSchema,
  resolve,
  teacher: ({ teacher }) => teacher,
  fit: (settings, { modelsPerJob }): FittedSettings => ({ ...settings, checkpoints: modelsPerJob - 1 }),
  run: tune,
  plan: planTuning,
  tell,
});

async function tune(settings: FittedSettings, context: StepContext, carry: Carry, scope: Scope): Promise<StepResult> {
  const parts = weightParts(context);
  if ('skipped' in parts) return parts;
  const { trainer, journal, start, predictors, tuned, model: base, seed } = parts;
  const kind = kindOfPrompts(settings, carry.state, start, predictors);
  const collected = await trainingRows(settings, kind, parts, carry, scope);
  if ('skipped' in collected) return collected;
  const current = carry.state.predictors[tuned[0]!]!.model;
  if (current !== base && !trainer.continues) {
    journal.append({
      type: 'warning',
      message: `Step "${scope.prefix}": the back end cannot go on from ${current}; it trains ${base} again.`,
    });
  }
  const parent = trainer.continues ? current : base;
  const { epochs, learningRate, schedule, batchSize, lora } = settings;
  const hyperParameters = { epochs, learningRate, schedule, batchSize, lora, seed };
  const { model, checkpoints } = await train(
    parts,
    { parent, set: { method: 'supervised', rows: collected.rows }, hyperParameters },
    scope,
  );
  // Line 3 starts from what the weights were trained on.
  const prompts = promptsTrained(kind, carry.state, start, predictors);
  const answering = (name: string) => withModel(withPromptsOf(carry.state, prompts, predictors), tuned, name);
  const tries = checkpoints.slice(0, settings.checkpoints);
  return chooseCheckpoint(parts, { model, checkpoints: tries, answering }, scope);
}

async function trainingRows(
  settings: FittedSettings,
  kind: PromptKind,
  context: WeightParts,
  carry: Carry,
  scope: Scope,
): Promise<{ readonly rows: readonly TrainingRow[] } | Skipped> {
  const { runner, program, journal, trainer, start, tuned, threshold } = context;
  const left = new Set(settings.examples === 'train' ? carry.validation : []);
  const request = {
    current: carry.state,
    prompts: promptsOf(kind, carry.state, start, tuned),
    predictors: tuned,
    examples: carry.train.filter((example) => !left.has(example)),
    settings,
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
