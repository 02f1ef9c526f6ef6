/** Pairs as they are trained on. */
import type { ProgramState } from '../../../data/program.ts';
import type { TrainingRow } from '../../../data/trace.ts';
import type { PreferenceRow } from '../../../data/trainingSet.ts';
import type { Program } from '../../interfaces.ts';
import { PythonRandom } from '../../pythonRandom.ts';
import type { Pair } from './pairs.ts';

/** Both answers under the prompt that they were given to, demos and instructions included; in a random order. */
export async function preferenceRows(
  program: Program,
  { predictors }: ProgramState,
  pairs: readonly Pair[],
): Promise<readonly PreferenceRow[]> {
  if (pairs.length === 0) return [];
  const requests = pairs.flatMap(({ predictor, inputs, preferred, rejected }) =>
    [preferred, rejected].map((outputs) => ({ predictor, state: predictors[predictor]!, inputs, outputs })),
  );
  const rendered = await program.renderRows(requests);
  const rows = pairs.map((_, place) => preference(rendered[2 * place]!, rendered[2 * place + 1]!));
  return new PythonRandom(0).shuffle(rows.filter(isDifferent));
}

function preference(preferred: TrainingRow, rejected: TrainingRow): PreferenceRow {
  return { ...preferred, rejected: rejected.completion };
}

/** Outputs that differ can be written alike, such as 2 and 2.0. */
function isDifferent({ completion, rejected }: PreferenceRow): boolean {
  return completion !== rejected;
}
