/**
 * Which prompts weights are trained on, and so which prompts the step behind it starts from: a model trained on one
 * prompt is not at its best with another.
 *
 * - `vanilla` (paper, algorithm 2, step 4; algorithm 1, line 4): Π, the program as it was written. Demos that were found
 *   are left behind: what they show, the weights have learned.
 * - `instructions`: as `vanilla`, with the instructions that an earlier step found. Weights learn outputs, and cannot
 *   replace what an instruction asks for: without it those outputs would be right answers to another question.
 * - `current`: the prompts as they are, demos included.
 * - `both`: a row with each of `vanilla` and `current`; the next step starts from the current ones.
 */
import type { ProgramState } from '../../../data/program.ts';
import { sameInstructions, withDemosOf, withoutDemos } from '../../state.ts';
import type { FineTuneSettings, PromptKind } from './settings.ts';

/** By default vanilla, and `instructions` once a step has changed instructions. */
export function kindOfPrompts(
  { prompts }: FineTuneSettings,
  current: ProgramState,
  start: ProgramState,
  predictors: readonly string[],
): PromptKind {
  if (prompts !== 'auto') return prompts;
  return sameInstructions(current, start, predictors) ? 'vanilla' : 'instructions';
}

/** The states whose prompts the rows are rendered with: one row for each. */
export function promptsOf(
  kind: PromptKind,
  current: ProgramState,
  start: ProgramState,
  predictors: readonly string[],
): readonly ProgramState[] {
  const vanilla = withoutDemos(start, predictors);
  return {
    vanilla: [vanilla],
    instructions: [withoutDemos(current, predictors)],
    current: [current],
    both: [vanilla, current],
  }[kind];
}

/** The state whose prompts the next step starts from. The author's own demos stay (paper, algorithm 1, line 4: Π). */
export function promptsTrained(
  kind: PromptKind,
  current: ProgramState,
  start: ProgramState,
  predictors: readonly string[],
): ProgramState {
  return { vanilla: start, instructions: withDemosOf(current, start, predictors), current, both: current }[kind];
}
