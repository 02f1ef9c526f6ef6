import type { Example, ProgramState } from '../../../data/program.ts';
import type { ProgramOutcome, TrainingRow } from '../../../data/trace.ts';
import type { PreferenceRow } from '../../../data/trainingSet.ts';
import type { Program } from '../../interfaces.ts';
import { mapAhead } from '../../mapAhead.ts';
import { priority } from '../../pool.ts';
import { PythonRandom } from '../../pythonRandom.ts';
import type { Runner } from '../../runner.ts';
import type { Scope } from '../../scope.ts';
import type { Pair } from './pairs.ts';
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

export interface Collection {
  readonly rows: readonly PreferenceRow[];
  /** Examples with a correct run, and those of them with a wrong one too. */
  readonly correct: number;
  readonly mixed: number;
}

/** Runs the program several times on each example, and makes rows of what was right and wrong under one prompt. */
export async function collectPairs(
  runner: Runner,
  program: Program,
  request: CollectRequest,
  scope: Scope,
): Promise<Collection> {
  const { predictors, examples, settings, threshold, current } = request;
  const isCorrect = ({ error, score }: ProgramOutcome) => error === undefined && score >= threshold;
  const seen = await mapAhead(examples, runner.ahead, async (example) => {
    const outcomes = await outcomesOf(runner, request, example, scope);
    const correct = outcomes.filter(isCorrect).length;
    const pairs = pairsOf(outcomes, { predictors, isCorrect, most: settings.pairsPerPrompt });
    return { pairs, isEverCorrect: correct > 0, isMixed: correct > 0 && correct < outcomes.length };
  });
  scope.failures.throwIfAllAlike(`Step "${scope.prefix}"`);
  const pairs = seen.flatMap((each) => each.pairs);
  return {
    rows: new PythonRandom(0).shuffle(await rendered(program, current, pairs)),
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

/** Both answers under the prompt that they were given to, demos and instructions included. */
async function rendered(
  program: Program,
  { predictors }: ProgramState,
  pairs: readonly Pair[],
): Promise<readonly PreferenceRow[]> {
  if (pairs.length === 0) return [];
  const requests = pairs.flatMap(({ predictor, inputs, preferred, rejected }) =>
    [preferred, rejected].map((outputs) => ({ predictor, state: predictors[predictor]!, inputs, outputs })),
  );
  const rows = await program.renderRows(requests);
  return pairs.map((_, place) => preference(rows[2 * place]!, rows[2 * place + 1]!)).filter(isDifferent);
}

function preference(preferred: TrainingRow, rejected: TrainingRow): PreferenceRow {
  return { ...preferred, rejected: rejected.completion };
}

/** Outputs that differ can be written alike, such as 2 and 2.0. */
function isDifferent({ completion, rejected }: PreferenceRow): boolean {
  return completion !== rejected;
}
