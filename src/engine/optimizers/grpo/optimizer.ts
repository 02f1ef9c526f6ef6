import type { ProgramState } from '../../../data/program.ts';
import { rowsFileName } from '../../../data/rowsFile.ts';
import type { PolicySet } from '../../../data/trainingSet.ts';
import { defineOptimizer } from '../../defineOptimizer.ts';
import type { Trainer } from '../../interfaces.ts';
import type { Carry, StepContext, StepResult } from '../../optimizer.ts';
import type { Scope } from '../../scope.ts';
import { stateHash, withModel } from '../../state.ts';
import { train } from '../../training.ts';
import type { WeightParts } from '../../weightParts.ts';
import { weightParts } from '../../weightParts.ts';
import { best, tell, tryOut } from './candidates.ts';
import type { Tried } from './candidates.ts';
import { drawsOf } from './draws.ts';
import { lessonOf } from './lesson.ts';
import type { Lesson, LessonRequest } from './lesson.ts';
import { planUpdates } from './plan.ts';
import type { GrpoSettings } from './settings.ts';
import { resolve, settingsSchema, writtenSchema } from './settings.ts';

/** New weights by rewards: of several answers to one question, those that ended better become likelier (mmGRPO, arXiv 2508.04660). */
export const grpo = defineOptimizer({
  kind: 'grpo',
  title: 'learning from rewards',
  changes: 'weights',
  trains: 'grpo',
  written: writtenSchema,
  settings: settingsSchema,
  resolve,
  fit: (settings) => settings,
  run,
  plan: planUpdates,
  tell,
});

async function run(settings: GrpoSettings, context: StepContext, carry: Carry, scope: Scope): Promise<StepResult> {
  const parts = weightParts(context);
  if ('skipped' in parts) return parts;
  const { updates, evaluateEvery } = settings;
  const tried: [Tried, ...Tried[]] = [await tryOut(parts, { candidate: 0, state: carry.state, update: 0 }, scope)];
  let state = carry.state;
  let learned = 0;
  for (const [index, drawn] of drawsOf(carry.train, settings, parts.seed).entries()) {
    const update = index + 1;
    const before = stateHash(state);
    state = await updated(settings, parts, { state, drawn, update }, scope);
    if (stateHash(state) !== before) learned = update;
    const isStuck = (update - learned) * settings.examplesPerUpdate >= patience * carry.train.length;
    const isDue = update % evaluateEvery === 0 || update === updates || isStuck;
    const isNew = stateHash(state) !== stateHash(tried.at(-1)!.state);
    if (isDue && isNew) tried.push(await tryOut(parts, { candidate: tried.length, state, update }, scope));
    if (!isStuck || update === updates) continue;
    parts.journal.append({ type: 'warning', message: stuck(scope.prefix, update, settings) });
    break;
  }
  if (tried.length === 1) return { skipped: nothingLearned(settings, parts.trainer) };
  const chosen = best(tried);
  return { state: chosen.state, candidate: chosen.candidate };
}

/** Epochs of the training rows without anything to learn from, after which the weights will not change any more. */
const patience = 2;

function stuck(prefix: string, update: number, { updates }: GrpoSettings): string {
  return (
    `Step "${prefix}": each training example was sampled ${patience} times without a difference in any group, so the step ends ` +
    `after update ${update} of ${updates}. A higher "temperature" or more "rollouts" bring more differences.`
  );
}

function nothingLearned({ updates, examplesPerUpdate, rollouts }: GrpoSettings, { leastRows = 1 }: Trainer): string {
  const all = `${rollouts} rollouts of each of ${updates * examplesPerUpdate} examples`;
  const least = leastRows === 1 ? '' : `, or made fewer than the ${leastRows} rows that the training service takes`;
  return `nothing to learn from: ${all} scored alike${least}`;
}

/** One update: a lesson, and a job that learns it. Without a difference in any group there is none, and all stays. */
async function updated(
  settings: GrpoSettings,
  parts: WeightParts,
  request: LessonRequest,
  scope: Scope,
): Promise<ProgramState> {
  const { journal, tuned, trainer } = parts;
  const { state, update } = request;
  const { prefix } = scope;
  const lesson = await lessonOf(settings, parts, request, scope);
  const before = state.predictors[tuned[0]!]!.model;
  const about = { type: 'policy.updated', prefix, update, updates: settings.updates, ...lesson.facts } as const;
  if (lesson.learned.length < (trainer.leastRows ?? 1)) {
    journal.append({ ...about, rows: 0, model: before });
    return state;
  }
  const set = await setOf(settings, parts, state, lesson);
  const file = rowsFileName(`${prefix} update ${update}`);
  await journal.rows(file, trainer.rowsFile(set));
  const { learningRate, batchSize, lora } = settings;
  const seed = parts.seed + update;
  const hyperParameters = { epochs: 1, learningRate, schedule: 'constant', batchSize, lora, seed } as const;
  const { model, metrics } = await train(parts, { parent: before, set, hyperParameters }, scope);
  journal.append({ ...about, rows: set.rows.length, kl: metrics['kl'] ?? null, file: `rows/${file}`, model });
  return withModel(state, tuned, model);
}

/** Rows with the very prompts that were asked, demos included: the answers are the policy's to those, and to no others. */
async function setOf(
  { clip }: GrpoSettings,
  { program }: WeightParts,
  state: ProgramState,
  { learned }: Lesson,
): Promise<PolicySet> {
  const rendered = await program.renderRows(
    learned.map(({ predictor, inputs, outputs }) => ({
      predictor,
      state: state.predictors[predictor]!,
      inputs,
      outputs,
    })),
  );
  return {
    method: 'grpo',
    rows: rendered.map((row, place) => ({ ...row, advantage: learned[place]!.advantage })),
    clip,
  };
}
