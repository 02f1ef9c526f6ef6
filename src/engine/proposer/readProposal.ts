/** Reads a proposer's answer: a new instruction, or why it is not one. */
import { isWithinTokenLimit } from 'tokenx';
import { shownFields } from '../../base/exact.ts';
import type { JsonValue } from '../../base/json.ts';
import type { LmAnswer } from '../../data/lm.ts';
import { isUnfinishedThought } from './thoughts.ts';

/** In words that complete "3 of them: …". */
export type RefusalReason =
  'never called' | 'not answered' | 'cut off' | 'empty' | 'unchanged' | 'JSON' | 'an answer to the task' | 'too long';

export type ReadProposal =
  | { readonly kind: 'instruction'; readonly text: string }
  | { readonly kind: 'refused'; readonly reason: RefusalReason };

/** A field that the program put out, its value as text. */
export interface Output {
  readonly name: string;
  readonly value: string;
}

/** Fields that the program put out. */
export function outputsOf(fields: Readonly<Record<string, JsonValue>>): readonly Output[] {
  return Object.entries(shownFields(fields)).map(([name, value]) => ({
    name,
    value: typeof value === 'string' ? value : JSON.stringify(value),
  }));
}

/** What a proposal is held against. */
export interface Present {
  /** The instruction that was to be improved. */
  readonly instruction: string;
  /** What the program put out on the rows that were shown. */
  readonly outputs: readonly Output[];
  /** A longer instruction costs more with every call than it can be worth. */
  readonly tokensAtMost: number;
}

const fence = '```';

export function readProposal(answer: Pick<LmAnswer, 'text' | 'finishReason'>, present: Present): ReadProposal {
  const text = unquoted(outermostBlock(answer.text).trim());
  const reason = isCutOff(answer) ? 'cut off' : refusal(text, present);
  return reason === null ? { kind: 'instruction', text } : { kind: 'refused', reason };
}

function isCutOff({ text, finishReason }: Pick<LmAnswer, 'text' | 'finishReason'>): boolean {
  return finishReason === 'length' || isUnfinishedThought(text);
}

function refusal(text: string, { instruction, outputs, tokensAtMost }: Present): RefusalReason | null {
  if (plain(text) === '') return 'empty';
  if (text === instruction.trim()) return 'unchanged';
  if (!isWithinTokenLimit(text, tokensAtMost)) return 'too long';
  if (isJson(text)) return 'JSON';
  return outputs.some((output) => isAnswer(text, output)) || inFormat.test(text) ? 'an answer to the task' : null;
}

/** DSPy's chat format. */
const inFormat = /^\[\[ ## .* ## \]\]/;

/** A value that the program put out, or a line that gives one to its field: `Answer: yes`. */
function isAnswer(text: string, { name, value }: Output): boolean {
  if (plain(text) === plain(value)) return true;
  const [, left] = /^([^\n:=]+)[:=][^\n]*$/.exec(text) ?? [];
  return left !== undefined && plain(left) === plain(name);
}

/** Words alone, so that a full stop or quotation marks make no difference. */
function plain(text: string): string {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).join(' ');
}

/**
 * From the first fence to the last, so that blocks within an instruction stay in it; without fences the whole text. Those
 * that begin a line count alone, where there are some: others are words of the answer about code.
 */
function outermostBlock(answer: string): string {
  const ofLines = [...answer.matchAll(/^[^\S\n]*(?=```)/gm)].map(({ index, 0: indent }) => index + indent.length);
  const first = ofLines[0] ?? answer.indexOf(fence);
  if (first < 0) return answer;
  const last = ofLines.length > 1 ? ofLines.at(-1)! : answer.lastIndexOf(fence);
  const block = answer.slice(first + fence.length, last > first ? last : undefined);
  return block.replace(/^[\w+-]*[^\S\n]*\n/, '');
}

/** A text in double quotes without them. */
function unquoted(text: string): string {
  const inner = /^"([^"]*)"$/s.exec(text)?.[1];
  return inner === undefined ? text : inner.trim();
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
