/** What requests may cost at most, and what is said of what cannot be sent. */
import type { ContentPart } from '../data/lm.ts';
import type { LeftOut, LmRequest } from '../wire/requestBody.ts';

/** What each thing left out means for the answers, for people. */
export const leftOutMeaning: Readonly<Record<LeftOut, string>> = {
  completions: 'it has no /v1/completions, so text prompts are sent as one user turn of a chat',
  opened: 'it cannot go on from an opened assistant turn (continue_final_message), so that prefix is left out',
  choice: 'it has no structured choice, so answers are not constrained to the allowed values',
  jsonSchema: 'it has no response_format with a JSON schema, so answers are constrained to JSON of any kind at most',
  jsonObject: 'it has no response_format for JSON of any kind, so answers are not constrained to JSON',
  topP: 'it does not take top_p for this model, so sampling.topP is left out and its own holds',
  temperature:
    'it does not take this temperature for this model, so sampling.temperature is left out and its own holds',
  seed: 'it takes no seed, so repeated answers differ by its own chance alone',
  stop: 'it takes no stop sequences, so answers run on and are cut off at them here',
  systemRole: 'it has no system role for this model, so what stands there begins the first user message',
  whole: 'it streams its answers and gives none whole, so they are asked for as streams',
  streamUsage: 'it streams its answers without numbers of tokens, so they count against a cap at their worst',
};

/** An upper bound of the prompt's tokens: byte-level tokenizers have no token shorter than a byte. */
export function promptTokensAtMost(request: LmRequest): number {
  const { prompt, messages } = request.body as {
    readonly prompt?: string;
    readonly messages?: readonly { readonly content: string | readonly ContentPart[] }[];
  };
  if (prompt !== undefined) return Buffer.byteLength(prompt) + perMessage;
  return (messages ?? []).reduce((sum, { content }) => sum + contentTokensAtMost(content) + perMessage, 0);
}

function contentTokensAtMost(content: string | readonly ContentPart[]): number {
  if (typeof content === 'string') return Buffer.byteLength(content);
  return content.reduce((sum, part) => sum + (part.type === 'text' ? Buffer.byteLength(part.text) : perImage), 0);
}

/** The dearest picture we know of: gpt-4o-mini, high detail, the most tiles (2,833 + 8 × 5,667, OpenAI's vision guide). */
const perImage = 48_169;

/** Tokens a chat template puts around a turn, generously. */
const perMessage = 16;

export function completionTokensAtMost(request: LmRequest): number {
  const { max_tokens, max_completion_tokens } = request.body;
  return Number(max_tokens ?? max_completion_tokens);
}
