/** Reads a proposer's answer: a new instruction, or why it is not one. */

export type ReadProposal =
  | { readonly kind: 'instruction'; readonly text: string }
  | { readonly kind: 'refused'; readonly reason: 'empty' | 'same' | 'json' | 'task output' | 'too long' };

/** A longer instruction costs more with every call than it can be worth. In characters. */
export const instructionAtMost = 24_000;

const fence = '```';

/** @param present the instruction that was to be improved. */
export function readProposal(answer: string, present: string, atMost = instructionAtMost): ReadProposal {
  const text = outermostBlock(answer).trim();
  if (text === '') return { kind: 'refused', reason: 'empty' };
  if (text === present.trim()) return { kind: 'refused', reason: 'same' };
  if (text.length > atMost) return { kind: 'refused', reason: 'too long' };
  if (isJson(text)) return { kind: 'refused', reason: 'json' };
  if (/^\[\[ ## .* ## \]\]/.test(text)) return { kind: 'refused', reason: 'task output' };
  return { kind: 'instruction', text };
}

/** From the first fence to the last, so that blocks within an instruction stay in it; without fences the whole text. */
function outermostBlock(answer: string): string {
  const first = answer.indexOf(fence);
  if (first < 0) return answer;
  const last = answer.lastIndexOf(fence);
  const block = answer.slice(first + fence.length, last > first ? last : undefined);
  return block.replace(/^[\w+-]*[^\S\n]*\n/, '');
}

/** An object, a list or a string of JSON; a bare number or word may be in a text as it is. */
function isJson(text: string): boolean {
  if (!/^[[{"]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
