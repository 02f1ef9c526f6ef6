import { describe, expect, it } from 'vitest';
import type { Fields } from '../../../src/data/json.ts';
import type { ChatMessage } from '../../../src/data/lm.ts';
import { chatFormat } from '../../../src/program/formats/chat.ts';
import { jsonFormat } from '../../../src/program/formats/json.ts';
import { isParseError } from '../../../src/program/parseError.ts';
import { signature, withReasoning } from '../../../src/program/signature.ts';
import type { Signature } from '../../../src/program/signature.ts';
import file from '../../goldens/adapterCases.json' with { type: 'json' };

interface Case {
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

function signatureOf(recorded: Case): Signature {
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

describe('random signatures, demos and answers are rendered and read as DSPy 3.4.1 does', () => {
  for (const recorded of file as unknown as readonly Case[]) {
    it(recorded.signature, () => {
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
    });
  }
});
