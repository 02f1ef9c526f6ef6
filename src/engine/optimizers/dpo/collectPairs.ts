import * as z from 'zod';
import { contentHash } from '../../../base/contentHash.ts';
import type { Immutable } from '../../../base/immutable.ts';
import { fieldsSchema } from '../../../data/fields.ts';
import type { Example, ProgramState } from '../../../data/program.ts';
import type { ProgramOutcome } from '../../../data/trace.ts';
import { mapAhead } from '../../mapAhead.ts';
import type { StepContext } from '../../optimizer.ts';
import { priority } from '../../pool.ts';
import { showsSomething } from '../../outcomes.ts';
import { rememberedWork } from '../../rememberedWork.ts';
import type { Runner } from '../../runner.ts';
import type { Scope } from '../../scope.ts';
import { contentOf, stateHash } from '../../state.ts';
import { pairsOf } from './pairs.ts';
import type { DpoSettings } from './settings.ts';

export interface CollectRequest {
  /** The program as it is: its answers are what is chosen among, its prompts what is trained on. */
  readonly current: ProgramState;
  readonly predictors: readonly string[];
  readonly examples: readonly Example[];
  readonly settings: Pick<DpoSettings, 'rollouts' | 'temperature' | 'pairsPerPrompt'>;
  /** A run is correct when its score is at least this. */
  readonly threshold: number;
}

const collectionSchema = z.object({
  pairs: z.array(
    z.object({ predictor: z.string(), inputs: fieldsSchema, preferred: fieldsSchema, rejected: fieldsSchema }),
  ),
  /** Examples with a correct run, and those of them with a wrong one too. */
  correct: z.number(),
  mixed: z.number(),
});
export type Collection = Immutable<z.infer<typeof collectionSchema>>;

/** Runs the program several times on each example, and pairs what was right and wrong under one prompt. Remembered as a whole. */
export async function collectPairs(context: StepContext, request: CollectRequest, scope: Scope): Promise<Collection> {
  // Nothing to compare may be the work of a bad minute: it is looked at again.
  const isKept = ({ pairs }: Collection) => pairs.length > 0 || scope.failures.allSettled;
  const kept = { key: keyOf(context, request), schema: collectionSchema, isKept };
  return rememberedWork(context, kept, scope, (own) => collect(context.runner, request, own));
}

function keyOf(
  { identity }: StepContext,
  { current, predictors, examples, settings, threshold }: CollectRequest,
): string {
  const { rollouts, temperature, pairsPerPrompt } = settings;
  return contentHash([
    'preferences',
    identity,
    stateHash(current),
    { predictors, rollouts, temperature, pairsPerPrompt, threshold },
    examples.map((example) => contentHash(contentOf(example))),
  ]);
}

async function collect(runner: Runner, request: CollectRequest, scope: Scope): Promise<Collection> {
  const { predictors, examples, settings, threshold } = request;
  const isCorrect = ({ error, score }: ProgramOutcome) => error === undefined && score >= threshold;
  const seen = await mapAhead(examples, runner.ahead, async (example) => {
    const outcomes = await outcomesOf(runner, request, example, scope);
    const telling = outcomes.filter(showsSomething);
    const correct = telling.filter(isCorrect).length;
    const pairs = pairsOf(outcomes, { predictors, isCorrect, most: settings.pairsPerPrompt });
    return { pairs, isEverCorrect: correct > 0, isMixed: correct > 0 && correct < telling.length };
  });
  scope.failures.throwIfAllAlike(`Step "${scope.prefix}"`);
  return {
    pairs: seen.flatMap((each) => each.pairs),
    correct: seen.filter(({ isEverCorrect }) => isEverCorrect).length,
    mixed: seen.filter(({ isMixed }) => isMixed).length,
  };
}

/** The first run is the one that a fine-tuning step makes of the same state, and is remembered from there. */
function outcomesOf(
  runner: Runner,
  { current: state, settings }: CollectRequest,
  example: Example,
  scope: Scope,
): Promise<readonly ProgramOutcome[]> {
  const { rollouts, temperature: roundTemperature } = settings;
  const task = { state, example, roundTemperature, purpose: 'collect', candidate: null } as const;
  const rounds = Array.from({ length: rollouts }, (_, round) => round);
  return Promise.all(rounds.map((round) => runner.run({ ...task, round, priority: priority.collect }, scope)));
}
