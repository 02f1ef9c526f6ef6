/** How long new instructions come out, for estimates. */
import type { Estimate, Prompts } from '../estimate.ts';
import { both } from '../estimate.ts';
import type { Proposer } from './settings.ts';

/** Tokens of an instruction as LMs write them. */
export const usualInstruction = 400;

/** Tokens of the instructions that are found, or of those that are there where none is. */
export function lengthOfInstructions(
  { instructionTokens: atMost, maxTokens }: Proposer,
  { longer = both(0) }: Pick<Prompts, 'longer'>,
): Estimate {
  const most = Math.min(atMost, maxTokens);
  return { expected: Math.max(longer.expected, Math.min(most, usualInstruction)), most: Math.max(longer.most, most) };
}
