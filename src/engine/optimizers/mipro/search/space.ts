/** The choices of a search as parameters of the sampler: in DSPy's order and with DSPy's names. */
import type { Choice, Choices, Combination } from './terms.ts';

export interface Parameter {
  /** The sampler draws in the order of the names. */
  readonly name: string;
  /** How many there are; at least 1. */
  readonly choices: number;
}

/** A place in the choices of each parameter. */
export type Values = readonly number[];

/** By predictor, its instruction and then its demo set (`_select_and_insert_instructions_and_demos`). */
export function parametersOf(choices: readonly Choices[]): readonly Parameter[] {
  return choices.flatMap(({ instructions, demoSets }, predictor) => [
    { name: `${predictor}_predictor_instruction`, choices: instructions },
    ...(demoSets === null ? [] : [{ name: `${predictor}_predictor_demos`, choices: demoSets }]),
  ]);
}

export function valuesOf(combination: Combination): Values {
  return combination.flatMap(({ instruction, demoSet }) => (demoSet === null ? [instruction] : [instruction, demoSet]));
}

export function combinationOf(choices: readonly Choices[], values: Values): Combination {
  let place = 0;
  return choices.map(({ demoSets }): Choice => ({
    instruction: values[place++]!,
    demoSet: demoSets === null ? null : values[place++]!,
  }));
}

/** Place 0 of everything. */
export function firstCombination(choices: readonly Choices[]): Combination {
  return choices.map(({ demoSets }) => ({ instruction: 0, demoSet: demoSets === null ? null : 0 }));
}

/** How many combinations there are. */
export function sizeOf(choices: readonly Choices[]): number {
  return parametersOf(choices).reduce((size, parameter) => size * parameter.choices, 1);
}

/** What two combinations are the same by. */
export function keyOf(combination: Combination): string {
  return valuesOf(combination).join();
}
