/** What an optimizer of a user's may make of a program: other prompts for the predictors that may change. */
import * as z from 'zod';
import { contentHash } from '../../../base/contentHash.ts';
import { HumanError } from '../../../base/errors.ts';
import { fieldsSchema } from '../../../data/fields.ts';
import type { PredictorDescription, PredictorState, ProgramState } from '../../../data/program.ts';

const stateSchema = z.strictObject({
  predictors: z.record(
    z.string(),
    z.strictObject({
      instructions: z.string(),
      demos: z.array(z.strictObject({ fields: fieldsSchema, augmented: z.boolean() })),
      model: z.string(),
    }),
  ),
});

/** What a state is checked against. */
export interface Allowed {
  /** The state that the step began with. */
  readonly start: ProgramState;
  /** The predictors that may change. */
  readonly predictors: readonly PredictorDescription[];
}

/** @throws HumanError that says what is wrong, as in `"draft": its model changed …`; begins with `who`. */
export function checkedState(given: unknown, { start, predictors }: Allowed, who: string): ProgramState {
  const parsed = stateSchema.safeParse(given);
  if (!parsed.success) throw new HumanError(`${who} is no state of the program: ${z.prettifyError(parsed.error)}`);
  const state: ProgramState = parsed.data;
  const names = new Set([...Object.keys(start.predictors), ...Object.keys(state.predictors)]);
  for (const name of names) {
    const problem = problemOf(state.predictors[name], start.predictors[name], predictorNamed(name, predictors));
    if (problem !== null) throw new HumanError(`${who} is refused: predictor "${name}" ${problem}.`);
  }
  return state;
}

function predictorNamed(name: string, all: readonly PredictorDescription[]): PredictorDescription | null {
  return all.find((each) => each.name === name) ?? null;
}

/** @param about `null`: the predictor is frozen. */
function problemOf(
  now: PredictorState | undefined,
  before: PredictorState | undefined,
  about: PredictorDescription | null,
): string | null {
  if (before === undefined) return 'is none of the program';
  if (now === undefined) return 'is missing: a state names every predictor';
  if (now.model !== before.model)
    return `has another model ("${now.model}"): an optimizer of yours changes prompts alone`;
  if (about === null) return contentHash(now) === contentHash(before) ? null : 'is frozen, and was changed';
  const { inputs, outputs } = about.signature;
  const known = new Set([...inputs, ...outputs].map(({ name }) => name));
  const unknown = now.demos.flatMap(({ fields }) => Object.keys(fields)).find((field) => !known.has(field));
  if (unknown === undefined) return null;
  return `has a demo with the field "${unknown}", and knows ${[...known].join(', ')}`;
}
