import type { Fields } from '../base/json.ts';
import type { SignatureDescription } from '../data/program.ts';
import type { TrainingRow } from '../data/trace.ts';
import type { PromptState } from './formats/format.ts';
import { formatNamed } from './formats/registry.ts';
import type { FormatName } from './formats/registry.ts';

/**
 * A training row of one predictor: the prompt as the predictor would ask in `state` (give it no demos for the vanilla
 * prompt of Algorithm 2, step 4), and as the target the parsed outputs rendered again, never the LM's raw text.
 *
 * @param outputs all output fields, as a trace call keeps them.
 */
export function renderRow(
  signature: SignatureDescription,
  state: PromptState,
  format: FormatName,
  inputs: Fields,
  outputs: Fields,
): Omit<TrainingRow, 'predictor'> {
  const chosen = formatNamed(format);
  const { prompt } = chosen.render(signature, state, inputs);
  return { prompt, ...chosen.target(signature, outputs) };
}
