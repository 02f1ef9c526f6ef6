import { readFileSync } from 'node:fs';
import type { Fields } from '../../../src/base/json.ts';
import type { ChatMessage } from '../../../src/data/lm.ts';
import type { Demo, SignatureDescription } from '../../../src/data/program.ts';
import { signature, withReasoning } from '../../../src/program/signature.ts';
import file from '../../goldens/adapters.json' with { type: 'json' };

interface PromptGolden {
  readonly name: string;
  readonly adapter: 'ChatAdapter' | 'JSONAdapter';
  readonly signature: string;
  readonly cot: boolean;
  readonly demos: readonly Fields[];
  readonly inputs: Fields;
  readonly instructions?: string;
  readonly messages: readonly ChatMessage[];
}

export interface ParseGolden {
  readonly signature: string;
  readonly completion: string;
  readonly ok?: Fields;
  readonly error?: string;
}

interface SignatureGolden {
  readonly s: string;
  readonly instructions?: string;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly prefixes?: readonly string[];
  readonly types?: readonly string[];
  readonly error?: string;
}

export const goldens = file as unknown as {
  readonly prompts: readonly PromptGolden[];
  readonly finetune: Readonly<Record<'zero' | 'with_demo', { readonly messages: readonly ChatMessage[] }>>;
  readonly chat_parse: readonly ParseGolden[];
  readonly json_parse: readonly ParseGolden[];
  readonly signatures: readonly SignatureGolden[];
};

/** The signature that a prompt golden was recorded with. */
export function signatureOf(golden: PromptGolden): SignatureDescription {
  const options = golden.instructions === undefined ? {} : { instructions: golden.instructions };
  const plain = signature(golden.signature, options);
  return golden.cot ? withReasoning(plain) : plain;
}

/** DSPy's demos, which mark bootstrapped ones among their fields. */
export function demosOf(demos: readonly Fields[]): readonly Demo[] {
  return demos.map(({ augmented, ...fields }) => ({ fields, augmented: augmented === true }));
}

/** Prompts of `textPrompts.txt`, in order, and what stands after them. */
export function textGoldens(): {
  readonly prompts: readonly string[];
  readonly query: string;
  readonly extracted: string;
} {
  const text = readFileSync(new URL('../../goldens/textPrompts.txt', import.meta.url), 'utf8');
  const sections = text.split(/^(?:=====.*|-- (?:aug|cot3|query-only))\n/m).filter((section) => section !== '');
  const lines = sections.at(-1)!.split('\n');
  return {
    prompts: sections.slice(0, -1).map((section) => section.replace(/\n$/, '')),
    query: lines.slice(0, 4).join('\n'),
    extracted: lines[4]!,
  };
}
