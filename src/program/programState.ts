import * as z from 'zod';
import { UsageError } from '../base/errors.ts';
import { otherProgramText, savedByDemos } from '../data/otherProgram.ts';
import type { ProgramState } from '../data/program.ts';
import { laterForm } from '../data/record.ts';
import { describeNamed, namedPredictors } from './predictors.ts';

const predictorState = z.object({
  instructions: z.string(),
  demos: z.array(z.object({ fields: z.record(z.string(), z.json()), augmented: z.boolean() })),
  model: z.string(),
});
const programState = z.object({ predictors: z.record(z.string(), predictorState) });

/** `metadata.dependency_versions` is in every state that DSPy's `Module.save` writes, and nowhere else. */
const dspyState = z.object({ metadata: z.looseObject({ dependency_versions: z.unknown() }) });

/** Every predictor's own state, by name. */
export function ownStateOf(root: unknown): ProgramState {
  const states = namedPredictors(root).map(({ name, predictor }) => [name, predictor.ownState()] as const);
  return { predictors: Object.fromEntries(states) };
}

/** What `bettertogether export --format json` writes: the state, or an object that holds it as `state`. */
function unwrapped(state: unknown): unknown {
  const later = laterForm(state);
  if (later !== null) throw new UsageError(`This state cannot be loaded: ${later.message}.`);
  return typeof state === 'object' && state !== null && 'state' in state ? unwrapped(state.state) : state;
}

function whatItIsInstead(state: unknown, error: z.ZodError): string {
  if (dspyState.safeParse(state).success) {
    return (
      'This is a state for DSPy, as `export --format dspy` and `Module.save` write it. ' +
      '`bettertogether export <run> --format json` writes one that can be loaded here.'
    );
  }
  return `This is not a program state (bettertogether export <run> --format json writes one): ${z.prettifyError(error)}`;
}

/**
 * Makes `state` the own state of a program's predictors: their instructions, demos and model when it runs on its own.
 *
 * @throws UsageError when `state` is not one, is in a form of a later version, or is of a program with other predictors; nothing is changed then.
 */
export function loadOwnState(root: unknown, state: unknown): void {
  const parsed = programState.safeParse(unwrapped(state));
  if (!parsed.success) throw new UsageError(whatItIsInstead(state, parsed.error));
  const { predictors } = parsed.data;
  const mine = namedPredictors(root);
  const names = mine.map(({ name }) => name);
  const missing = names.filter((name) => !Object.hasOwn(predictors, name));
  const unknown = Object.keys(predictors).filter((name) => !names.includes(name));
  if (missing.length > 0 || unknown.length > 0) {
    const saved = Object.entries(predictors).map(([name, { demos }]) => savedByDemos(name, demos));
    throw new UsageError(
      otherProgramText({
        opening: 'The state is',
        saved,
        program: 'this program',
        predictors: mine.map(describeNamed),
      }),
    );
  }
  for (const { name, predictor } of mine) predictor.setOwnState(predictors[name]!);
}
