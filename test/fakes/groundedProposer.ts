/**
 * Who writes instructions before a search over them (MIPROv2), as DSPy asks it and as we do: it notes the same of all rows and
 * programs, and states the rules of the rows in the demos that it is shown.
 */
import { createHash } from 'node:crypto';
import type { FakeCall } from './fakeEndpoint.ts';

const notes = 'Short texts of many kinds, each with a label that a rule of its kind decides.';

/** How the two ask for one kind of instruction. */
const tips = [
  /be creative|out of the ordinary/,
  /clear and concise|short, plain/,
  /very informative|Be thorough/,
  /high stakes|much depends/,
  /persona|who the model is to be/,
];

/** How those who are known ask for an instruction: the demos that they show, if any, and the instruction that there is. */
const askers = [
  // dspy/propose/grounded_proposer.py
  {
    isAsked: (last: string) =>
      last.slice(last.lastIndexOf('Respond with')).includes('[[ ## proposed_instruction ## ]]'),
    demos: /\[\[ ## task_demos ## \]\]\n(.*?)\n\n\[\[ ## /s,
    instruction: /\[\[ ## basic_instruction ## \]\]\n(.*?)\n\n(?:\[\[ ## |Respond with)/s,
    told: (text: string) => `[[ ## proposed_instruction ## ]]\n${text}\n\n[[ ## completed ## ]]`,
  },
  // src/engine/optimizers/mipro/proposer/instruct.ts
  {
    isAsked: (last: string) => last.startsWith('A program solves a task by calls of a language model,'),
    demos: /# Calls of the step that came out well\n\n(.*?)\n\n# /s,
    instruction: /# The present instruction of the step\n\n(.*?)\n\n# What to do/s,
    told: (text: string) => `\`\`\`\n${text}\n\`\`\``,
  },
] as const;

/** Answers to questions about rows and programs, by how they are asked. */
const noters: readonly { readonly asked: RegExp; readonly told: (asked: string) => string }[] = [
  {
    asked: /Respond with[^\n]*\[\[ ## (observations|summary|program_description|module_description) ## \]\][^\n]*$/,
    told: (field) => `[[ ## ${field} ## ]]\n${notes}\n\n[[ ## completed ## ]]`,
  },
  {
    asked: /^(Rows of a data set follow|Notes about a data set follow|The code of a program follows)/,
    told: () => notes,
  },
];

/** The instruction that a call asks for, and the answer that gives it; `null` where it asks for none. */
export function groundedInstruction({
  messages,
}: Pick<FakeCall, 'messages'>): { readonly text: string; readonly answer: string } | null {
  const last = messages.at(-1)?.content ?? '';
  for (const { isAsked, demos, instruction, told } of askers) {
    if (!isAsked(last)) continue;
    const tip = tips.findIndex((each) => each.test(last));
    const text = stating(instruction.exec(last)?.[1] ?? '', demos.exec(last)?.[1] ?? '', tip);
    return { text, answer: told(text) };
  }
  return null;
}

/** The answer to a question about rows or the program; `null` where there is no such question. */
export function groundedNotes({ messages }: Pick<FakeCall, 'messages'>): string | null {
  const last = messages.at(-1)?.content ?? '';
  for (const { asked, told } of noters) {
    const [, which] = asked.exec(last) ?? [];
    if (which !== undefined) return told(which);
  }
  return null;
}

/**
 * The wording depends on the rows that are shown and the tip, not on how they are: who shows the same is given the same
 * instruction.
 */
function stating(instruction: string, demos: string, tip: number): string {
  const rows = [
    ...new Set(Array.from(demos.matchAll(/#(\d+)\/(\d+)/g), ([, number, rule]) => `${number}/${rule}`)),
  ].sort();
  const rules = [...new Set(rows.map((row) => row.split('/')[1]!))].sort();
  const wording = createHash('sha1').update(`${rows.join()} ${tip}`).digest('hex').slice(0, 6);
  const added = rules.map((rule) => `Rule ${rule}: rows of its kind are labelled by it.`);
  return [instruction, ...added, `Advice: take care (${wording}).`].join('\n');
}
