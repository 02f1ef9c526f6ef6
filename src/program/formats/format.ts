import type { Fields } from '../../base/json.ts';
import type { Guide, LmPrompt } from '../../data/lm.ts';
import type { PredictorState, SignatureDescription } from '../../data/program.ts';
import type { TrainingRow } from '../../data/trace.ts';

/** The part of a predictor's state that its prompt shows (Π). */
export type PromptState = Pick<PredictorState, 'instructions' | 'demos'>;

export interface RenderedPrompt {
  readonly prompt: LmPrompt;
  readonly stop: readonly string[];
  /** The constraint for `"guided": "auto"`; absent where the format has none for this signature. */
  readonly guide?: Guide;
}

/** A prompt that goes on where an answer broke off; `before` is put before the new answer when it is parsed. */
export interface ResumedPrompt extends RenderedPrompt {
  readonly before: string;
}

/** How a signature becomes a prompt, and a completion its output fields. Pure; one per `adapter` of the configuration. */
export interface Format {
  render(signature: SignatureDescription, state: PromptState, inputs: Fields): RenderedPrompt;
  /**
   * The output fields, in the signature's order.
   * @throws ParseError when a field is missing or not of its type.
   */
  parse(signature: SignatureDescription, completion: string): Fields;
  /** The completion to train on for these outputs: what `parse` reads back. */
  target(signature: SignatureDescription, outputs: Fields): Pick<TrainingRow, 'completion' | 'end'>;
  /** Asked once more in this format when an answer cannot be read (dspy/adapters/chat_adapter.py `__call__`). */
  readonly fallback?: Format;
  /** The prompt to ask next when `completion` broke off before its last field; `undefined` when it did not. */
  resume?(
    signature: SignatureDescription,
    state: PromptState,
    inputs: Fields,
    completion: string,
  ): ResumedPrompt | undefined;
}
