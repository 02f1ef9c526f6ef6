import { expect } from 'vitest';
import type { Fields } from '../../../src/base/json.ts';
import type { ChatMessage } from '../../../src/data/lm.ts';
import { chatFormat } from '../../../src/program/formats/chat.ts';
import type { Format } from '../../../src/program/formats/format.ts';
import { jsonFormat } from '../../../src/program/formats/json.ts';
import { isParseError } from '../../../src/program/values/parseError.ts';
import { signature, withReasoning } from '../../../src/program/signature.ts';
import type { Signature } from '../../../src/program/signature.ts';

/** What recordAdapterCases.py writes: a signature with demos, inputs and answers, and what DSPy makes of them. */
export interface AdapterCase {
  readonly signature: string;
  readonly instructions: string | null;
  readonly descriptions: Readonly<Record<string, string>>;
  readonly reasons: boolean;
  readonly demos: readonly Fields[];
  readonly inputs: Fields;
  readonly outputs: Fields;
  readonly chat: readonly ChatMessage[];
  readonly json: readonly ChatMessage[];
  readonly chatTarget: string;
  readonly jsonTarget: string;
  readonly prefixes: readonly string[];
  readonly parse: readonly (readonly [completion: string, parsed: Fields | null])[];
}

/** Renders and reads the case with our formats and expects DSPy's text and values. */
export function expectAsDspy(recorded: AdapterCase): void {
  expectChatAsDspy(recorded);
  expectJsonAsDspy(recorded);
  expectPrefixesAsDspy(recorded);
  expectValuesAsDspy(recorded);
}

export function expectChatAsDspy(recorded: AdapterCase): void {
  expectFormat(chatFormat, recorded, recorded.chat, recorded.chatTarget);
}

export function expectJsonAsDspy(recorded: AdapterCase): void {
  expectFormat(jsonFormat, recorded, recorded.json, recorded.jsonTarget);
}

export function expectPrefixesAsDspy(recorded: AdapterCase): void {
  const of = signatureOf(recorded);
  expect([...of.inputs, ...of.outputs].map((field) => field.prefix)).toEqual(recorded.prefixes);
}

export function expectValuesAsDspy(recorded: AdapterCase): void {
  const of = signatureOf(recorded);
  for (const [completion, fields] of recorded.parse) expect(parsed(of, completion)).toEqual(fields);
}

function expectFormat(
  format: Format,
  recorded: AdapterCase,
  messages: readonly ChatMessage[],
  completion: string,
): void {
  const of = signatureOf(recorded);
  const demos = recorded.demos.map((fields) => ({ fields, augmented: true }));
  const state = { instructions: of.instructions, demos };
  expect(format.render(of, state, recorded.inputs).prompt).toEqual({ kind: 'chat', messages });
  expect(format.target(of, recorded.outputs).completion).toBe(completion);
}

function signatureOf(recorded: AdapterCase): Signature {
  const { descriptions, instructions } = recorded;
  const made: Signature = signature(recorded.signature, { descriptions, instructions: instructions ?? '' });
  return recorded.reasons ? withReasoning(made) : made;
}

function parsed(of: Signature, completion: string): Fields | null {
  try {
    return chatFormat.parse(of, completion);
  } catch (error) {
    if (isParseError(error)) return null;
    throw error;
  }
}
