/**
 * Rows that are labelled right where the instructions state the row's rule, and a proposer that finds rules in feedback.
 * Answers depend on nothing but the prompt, so that whoever searches for instructions in the same way finds the same ones.
 */
import { createHash } from 'node:crypto';
import type { FakeAnswer, FakeCall } from './fakeEndpoint.ts';
import { groundedInstruction, groundedNotes } from './groundedProposer.ts';

/** A row's text holds `#<number>/<rule>`; the metric's feedback on a wrong answer says `Missing: rule <rule>.` */
export function labelOf(number: number): string {
  return ['red', 'green', 'blue', 'black'][number % 4]!;
}

/** Of 100 rows that many are right: without their rule, and with it stated to any predictor that works on them. */
const rightOf100 = { bare: 12, stated: 94 };
/** Of 100 rows that many are as easy under every prompt; how hard the others are depends on the prompt. */
const steady = 77;
/** Of 256 proposals that many state a rule of the feedback; the others advise what helps nothing, as most of a model do. */
const sensible = 90;

/** What the first of two predictors passes on of a row. @param instruction the predictor's, or text that holds it. */
export function noteOf(rule: string, instruction: string): string {
  return states(instruction, rule) ? noted(rule) : 'nothing is known of it';
}

function noted(rule: string): string {
  return `by rule ${rule}.`;
}

export const ruleScript: FakeAnswer = (call) => {
  const proposed = proposalTo(call);
  if (proposed === null) return groundedInstruction(call)?.answer ?? groundedNotes(call) ?? answerTo(call);
  const { text, as } = proposed;
  return as === 'json' ? JSON.stringify({ new_instruction: text }) : `\`\`\`\n${text}\n\`\`\``;
};

/** The numbers of the rows that a call is about. */
export function numbersIn({ prompt }: Pick<FakeCall, 'prompt'>): readonly number[] {
  return [...new Set(Array.from(prompt.matchAll(/#(\d+)\/\d+/g), ([, number]) => Number(number)))].sort(
    (a, b) => a - b,
  );
}

export interface Proposed {
  /** The new instruction. */
  readonly text: string;
  /** The form in which the asker reads it. */
  readonly as: 'json' | 'fenced';
}

/** The new instruction that a call asks for, or null where it asks for no instruction. */
export function proposalTo(call: Pick<FakeCall, 'prompt'>): Proposed | null {
  for (const { as, parts } of askers) {
    const [, instruction = '', rows = ''] = parts.exec(call.prompt) ?? [];
    if (rows !== '') return { as, text: improved(instruction, rows, numbersIn({ prompt: rows })) };
  }
  return null;
}

/** How those who are known ask for an instruction: the present one, then the rows. */
const askers: readonly { readonly as: Proposed['as']; readonly parts: RegExp }[] = [
  // dspy.teleprompt.gepa.InstructionProposer
  {
    as: 'json',
    parts: /\[\[ ## current_instruction ## \]\]\n((?!\{current).*?)\n\n\[\[ ## examples_with_feedback ## \]\]\n(.*)/s,
  },
  // src/engine/optimizers/gepa/proposer/reflect.ts
  {
    as: 'fenced',
    parts: /# The present instruction of the step "[^\n]*"\n\n(.*?)\n\n# What happened with it\n\n(.*)/s,
  },
];

/** One rule more of those that the feedback names and the instruction does not; now and then only some advice. */
function improved(instruction: string, rows: string, numbers: readonly number[]): string {
  const missing = [...new Set(Array.from(rows.matchAll(/Missing: rule (\d+)/g), ([, rule]) => rule!))]
    .filter((rule) => !states(instruction, rule))
    .sort();
  const digest = hash(JSON.stringify([instruction, numbers]));
  const [whether, which] = [digest[0]!, digest[1]!];
  const wording = digest.toString('hex').slice(0, 6);
  const rule = whether < sensible ? missing[which % missing.length] : undefined;
  return `${instruction}\n${rule === undefined ? 'Advice: take care' : `Rule ${rule}: rows of its kind are labelled by it`} (${wording}).`;
}

/** An answer of DSPy's ChatAdapter with the fields that are asked for. */
function answerTo({ messages }: FakeCall): string {
  const asked = messages.at(-1)?.content ?? '';
  const [, number = '', rule = ''] = /#(\d+)\/(\d+)/.exec(asked) ?? [];
  const system = messages[0]?.content ?? '';
  const known = asked.includes(noted(rule)) || states(system, rule);
  const prompt = hash(messages.map(({ content }) => content).join('\n'));
  const hard = prompt[0]! % 100 < steady ? hash(number) : prompt;
  const right = hard.readUInt32BE(4) % 100 < (known ? rightOf100.stated : rightOf100.bare);
  const values: Readonly<Record<string, string>> = {
    label: right ? labelOf(Number(number)) : 'none',
    note: noteOf(rule, system),
    completed: '',
  };
  const fields = asked.slice(asked.lastIndexOf('Respond with')).matchAll(/\[\[ ## (\w+) ## \]\]/g);
  return [...fields].map(([header, name]) => `${header}\n${values[name!] ?? ''}`).join('\n\n');
}

function states(instruction: string, rule: string): boolean {
  return instruction.includes(`Rule ${rule}: `);
}

function hash(text: string): Buffer {
  return createHash('sha1').update(text).digest();
}
