/** MIPROv2's search on a script: test/parity/mipro/oracle.py is the same script in Python, and tells in the same words. */
import { createHash } from 'node:crypto';
import { autoBudget, minibatchesAbove } from '../../src/engine/optimizers/mipro/search/budgets.ts';
import type { DemoSetPlan, Draws } from '../../src/engine/optimizers/mipro/search/draws.ts';
import { drawsOf, tips } from '../../src/engine/optimizers/mipro/search/draws.ts';
import type { Settle } from '../../src/engine/optimizers/mipro/search/search.ts';
import { search } from '../../src/engine/optimizers/mipro/search/search.ts';
import { valuesOf } from '../../src/engine/optimizers/mipro/search/space.ts';
import type {
  Combination,
  Evaluation,
  SearchSetup,
  SearchTask,
  Trial,
} from '../../src/engine/optimizers/mipro/search/terms.ts';
import { percent } from '../../src/engine/score.ts';

/** What the script is given: a budget by name, or its numbers; the other is null. */
export interface ScriptedSetup {
  readonly seed: number;
  readonly auto: 'light' | 'medium' | null;
  readonly candidates: number | null;
  readonly trials: number | null;
  readonly train: number;
  readonly validation: number;
  readonly predictors: number;
  readonly maxBootstrappedDemos: number;
  readonly maxLabeledDemos: number;
  readonly minibatch: SearchSetup['minibatch'];
  /** Scores of a row are 0, 1 and what is between them, this many in all. */
  readonly levels: number;
}

/** What a search did, in places of the rows that were given. */
export interface Told {
  /** Tips as places in DSPy's table. */
  readonly proposals: readonly (readonly { readonly tip: number; readonly rolloutId: number }[])[];
  readonly plans: readonly DemoSetPlan[];
  readonly trials: readonly ToldTrial[];
  readonly winner: { readonly places: readonly number[] | null; readonly score: number } | null;
}

export interface ToldTrial {
  readonly kind: Trial['kind'];
  /** Null: the program as it was given. */
  readonly places: readonly number[] | null;
  readonly rows: readonly number[];
  readonly score: number;
}

/** Draws and setup of the search, from a setup of the script. */
export function sized(setup: ScriptedSetup): { readonly draws: Draws; readonly searchSetup: SearchSetup } {
  const { seed, auto, predictors, maxBootstrappedDemos, maxLabeledDemos, train, validation } = setup;
  const zeroShot = maxBootstrappedDemos === 0 && maxLabeledDemos === 0;
  const given = { trials: setup.trials!, instructions: setup.candidates!, demoSets: setup.candidates! };
  const budget = auto === null ? { ...given, validationAtMost: null } : autoBudget(auto, predictors, zeroShot);
  const demos = { maxBootstrappedDemos, maxLabeledDemos };
  const draws = drawsOf(seed, { ...budget, ...demos, train, validation, predictors });
  const choices = draws.proposals.map(({ length }) => ({
    instructions: length,
    demoSets: zeroShot ? null : draws.demoSets.length,
  }));
  const rows = draws.validation.length;
  const minibatch = auto === null || rows > minibatchesAbove ? setup.minibatch : null;
  return { draws, searchSetup: { choices, validation: rows, trials: budget.trials, minibatch, seed } };
}

/** Draws and searches, and tells of it. */
export async function told(setup: ScriptedSetup, settle: Settle): Promise<Told> {
  const { draws, searchSetup } = sized(setup);
  const found = await search(searchSetup, scriptedTask(setup.levels, draws.validation), draws, settle);
  return {
    plans: draws.demoSets,
    proposals: draws.proposals.map((of) => of.map(({ tip, rolloutId }) => ({ tip: tips.indexOf(tip), rolloutId }))),
    trials: found.trials.map(({ kind, combination, rows, score }) => ({
      kind,
      places: kind === 'start' ? null : valuesOf(combination),
      rows: rows.map((row) => draws.validation[row]!),
      score: score!,
    })),
    winner: { places: found.combination && valuesOf(found.combination), score: found.score },
  };
}

/** Settles as the other search did: its choice must be one of those that are equal. */
export function following({ trials }: Told, note: (first: boolean) => void = () => undefined): Settle {
  return (equal, study) => {
    const chosen = trials[study.length]?.places?.join();
    const place = equal.findIndex((combination) => valuesOf(combination).join() === chosen);
    note(place === 0);
    return equal[Math.max(0, place)]!;
  };
}

export interface ScriptedTask extends SearchTask {
  /** What was asked, in its order. */
  readonly evaluations: readonly Evaluation[];
}

/** @param validation the rows of V, by their places in it. */
export function scriptedTask(levels: number, validation: readonly number[]): ScriptedTask {
  const evaluations: Evaluation[] = [];
  return {
    evaluations,
    evaluate: (evaluation) => {
      evaluations.push(evaluation);
      const { purpose, rows } = evaluation;
      const combination = purpose.kind === 'start' ? null : purpose.combination;
      const scores = rows.map((row) => rowScore(combination, ['validation', validation[row]!], levels));
      const sum = scores.reduce((total, score) => total + score, 0);
      return Promise.resolve(percent(sum, rows.length));
    },
  };
}

/**
 * From 0 to 1.
 * @param combination null: the program as the search found it.
 * @param row its set and its place there.
 */
export function rowScore(combination: Combination | null, row: readonly [string, number], levels: number): number {
  const parts = [combination === null ? null : valuesOf(combination), ...row];
  return (createHash('sha256').update(JSON.stringify(parts)).digest()[0]! % levels) / (levels - 1);
}
