/** What the trials of a search show so far. */
import { firstCombination, keyOf, sizeOf, valuesOf } from './space.ts';
import type { Combination, Found, SearchSetup, Trial } from './terms.ts';
import type { Observation } from './tpe.ts';

export type Study = readonly Trial[];

/** What the sampler learns from: all trials count the same, whatever rows they were scored on. */
export function observationsOf(study: Study): readonly Observation[] {
  return study.flatMap(({ combination, score }) => (score === null ? [] : [{ values: valuesOf(combination), score }]));
}

/** The first of the trials with the highest score on all validation rows; that of the start is no combination. */
export function foundIn(setup: SearchSetup, study: Study): Found {
  const [start, ...others] = study;
  const best = others
    .filter((trial) => isFull(setup, trial))
    .reduce((winner, trial) => (scoreOf(trial) > scoreOf(winner) ? trial : winner), start!);
  return { combination: best === start ? null : best.combination, score: scoreOf(best), trials: study };
}

/**
 * The combination with the highest mean over its trials that had no full evaluation yet; of equal ones the one that was
 * tried first. `null`: each that was tried had one.
 */
export function nextToEvaluate(setup: SearchSetup, study: Study): Combination | null {
  const evaluated = evaluatedIn(setup, study);
  const scores = new Map<string, { readonly combination: Combination; readonly scores: readonly number[] }>();
  for (const trial of study) {
    const key = keyOf(trial.combination);
    if (trial.kind !== 'trial' || evaluated.has(key)) continue;
    const before = scores.get(key)?.scores ?? [];
    scores.set(key, { combination: trial.combination, scores: [...before, scoreOf(trial)] });
  }
  const means = [...scores.values()].map((of) => ({ ...of, mean: mean(of.scores) }));
  const best = means.reduce<(typeof means)[number] | null>(
    (winner, of) => (winner === null || of.mean > winner.mean ? of : winner),
    null,
  );
  return best?.combination ?? null;
}

/** Whether every combination has been evaluated on all validation rows, so that no trial can show anything new. */
export function isExhausted(setup: SearchSetup, study: Study): boolean {
  return evaluatedIn(setup, study).size >= sizeOf(setup.choices);
}

/** The start, as DSPy enters it: place 0 of everything. */
export function startTrial(setup: SearchSetup, rows: readonly number[], score: number): Trial {
  return { kind: 'start', combination: firstCombination(setup.choices), rows, score };
}

function evaluatedIn(setup: SearchSetup, study: Study): ReadonlySet<string> {
  const full = study.filter((trial) => trial.kind !== 'start' && isFull(setup, trial));
  return new Set(full.map(({ combination }) => keyOf(combination)));
}

/** Whether a trial can make its combination the winner. */
function isFull({ minibatch }: SearchSetup, { kind }: Trial): boolean {
  return kind !== 'trial' || minibatch === null;
}

function scoreOf({ score }: Trial): number {
  return score ?? -Infinity;
}

/** Exact for scores of two decimals, as Python's `sum` is since 3.12: equal means are found equal. */
function mean(scores: readonly number[]): number {
  const hundredths = scores.reduce((total, score) => total + Math.round(score * 100), 0);
  return hundredths / 100 / scores.length;
}
