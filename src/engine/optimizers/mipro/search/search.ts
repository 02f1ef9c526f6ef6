/**
 * MIPROv2's search over instructions and demo sets (Opsahl-Ong et al. 2024, arXiv 2406.11695), trial for trial as DSPy
 * 3.4.1 makes it (dspy/teleprompt/mipro_optimizer_v2.py, `_optimize_prompt_parameters`): the sampler draws a combination,
 * it is scored on a minibatch, and now and then the best one so far on all validation rows.
 */
import type { MinibatchSource } from './draws.ts';
import { combinationOf, parametersOf } from './space.ts';
import type { Study } from './study.ts';
import { foundIn, isExhausted, nextToEvaluate, observationsOf, startTrial } from './study.ts';
import type { Combination, Evaluation, Found, Purpose, SearchSetup, SearchTask, Trial } from './terms.ts';
import { TpeSampler } from './tpe.ts';

/** Chooses one of several combinations that the sampler finds equal. */
export type Settle = (equal: readonly Combination[], study: Study) => Combination;

/**
 * Ends before all trials are made where every combination has been evaluated on all validation rows. Where only those
 * that were tried have been, it goes on without a full evaluation (DSPy fails there). What the task throws ends it (in
 * DSPy it counts as a score of 0).
 *
 * @param draws where minibatches come from; those of the steps before must have been drawn from it.
 * @param settle without one it is the first. Optuna's choice among them is in nearly all cases the same, but it depends on
 *   the last bits of the logarithms of its platform.
 * @throws RangeError where the setup cannot be searched, or the task gives no score that it needs.
 */
export async function search(
  setup: SearchSetup,
  task: SearchTask,
  draws: MinibatchSource,
  settle: Settle = ([first]) => first!,
): Promise<Found> {
  check(setup);
  const sampler = new TpeSampler(parametersOf(setup.choices), setup.seed);
  const all = Array.from({ length: setup.validation }, (_, row) => row);
  const start = await scored(task, { purpose: { kind: 'start' }, rows: all, mustExceed: null });
  let study: Study = [startTrial(setup, all, start!)];
  for (let drawn = 1; drawn <= setup.trials && !isExhausted(setup, study); drawn++) {
    // Nothing is drawn from the last evaluation: it matters only where it finds a new winner.
    const best = drawn === setup.trials ? foundIn(setup, study).score : null;
    const equal = sampler.next(observationsOf(study)).map((values) => combinationOf(setup.choices, values));
    const combination = equal.length === 1 ? equal[0]! : settle(equal, study);
    const trial = { purpose: { kind: 'trial', combination }, rows: rowsOfTrial(setup, all, draws) } as const;
    study = [...study, await tried(task, { ...trial, mustExceed: setup.minibatch === null ? best : null })];
    const next = isFullDue(setup, drawn) ? nextToEvaluate(setup, study) : null;
    if (next === null) continue;
    const full = { purpose: { kind: 'full', combination: next }, rows: all, mustExceed: best } as const;
    study = [...study, await tried(task, full)];
  }
  return foundIn(setup, study);
}

function rowsOfTrial({ minibatch }: SearchSetup, all: readonly number[], draws: MinibatchSource): readonly number[] {
  // DSPy draws no minibatch of all rows.
  return minibatch === null || minibatch.size === all.length ? all : draws.minibatch(minibatch.size);
}

interface CandidateEvaluation extends Evaluation {
  readonly purpose: Exclude<Purpose, { readonly kind: 'start' }>;
}

async function tried(task: SearchTask, evaluation: CandidateEvaluation): Promise<Trial> {
  const score = await scored(task, evaluation);
  return { ...evaluation.purpose, rows: evaluation.rows, score };
}

/** After as many trials each time, and after the last. */
function isFullDue({ minibatch, trials }: SearchSetup, drawn: number): boolean {
  return minibatch !== null && (drawn % minibatch.fullEvery === 0 || drawn === trials);
}

async function scored(task: SearchTask, evaluation: Evaluation): Promise<number | null> {
  const score = await task.evaluate(evaluation);
  if (score === null && evaluation.mustExceed !== null) return null;
  if (score === null || !Number.isFinite(score)) {
    throw new RangeError(
      `${score} as the score of a ${evaluation.purpose.kind} evaluation that the search goes on from`,
    );
  }
  return score;
}

function check({ choices, validation, minibatch, trials }: SearchSetup): void {
  if (choices.length === 0) throw new RangeError('a search over no predictors');
  const counts = choices.flatMap(({ instructions, demoSets }) => [instructions, demoSets ?? 1]);
  const sizes = minibatch === null ? [] : [minibatch.size, minibatch.fullEvery];
  for (const count of [...counts, ...sizes, validation, trials + 1]) {
    if (!Number.isInteger(count) || count < 1) throw new RangeError(`a search with a size of ${count}`);
  }
  if (minibatch !== null && minibatch.size > validation) {
    throw new RangeError(`minibatches of ${minibatch.size} rows from ${validation} validation rows`);
  }
}
