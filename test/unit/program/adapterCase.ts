import { expect } from 'vitest';
import type { Fields } from '../../../src/data/json.ts';
import type { ChatMessage } from '../../../src/data/lm.ts';
import { chatFormat } from '../../../src/program/formats/chat.ts';
import { jsonFormat } from '../../../src/program/formats/json.ts';
import { isParseError } from '../../../src/program/parseError.ts';
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
  const of = signatureOf(recorded);
  const demos = recorded.demos.map((fields) => ({ fields, augmented: true }));
  const state = { instructions: of.instructions, demos };
  for (const [format, messages, completion] of [
    [chatFormat, recorded.chat, recorded.chatTarget],
    [jsonFormat, recorded.json, recorded.jsonTarget],
  ] as const) {
    expect(format.render(of, state, recorded.inputs).prompt).toEqual({ kind: 'chat', messages });
    expect(format.target(of, recorded.outputs).completion).toBe(completion);
  }
  expect([...of.inputs, ...of.outputs].map((field) => field.prefix)).toEqual(recorded.prefixes);
  for (const [completion, fields] of recorded.parse) expect(parsed(of, completion)).toEqual(fields);
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
