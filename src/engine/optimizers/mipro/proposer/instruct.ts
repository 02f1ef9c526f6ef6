/** What the proposer is asked for one instruction. */
import type { Demo } from '../../../../data/program.ts';
import { fieldsText } from '../../../proposer/fieldsText.ts';
import { promptOf } from '../../../proposer/prompt.ts';
import type { Tip } from '../search/draws.ts';
import type { Module } from './describe.ts';
import { signatureOf } from './describe.ts';

export interface InstructionRequest {
  readonly module: Module;
  /** As it is. */
  readonly instruction: string;
  /** What the rows have in common. Here and below `null`: not known. */
  readonly summary: string | null;
  readonly source: string | null;
  readonly program: string | null;
  /** What the predictor is for. */
  readonly description: string | null;
  /** Calls of the predictor in correct runs. */
  readonly demos: readonly Demo[];
  readonly tip: Tip;
  /** Of the new instruction. */
  readonly tokensAtMost: number;
}

/** Kinds of instruction, so that those that are proposed differ; the kinds are DSPy's (`TIPS`). */
const tipTexts: Readonly<Record<Tip, string>> = {
  none: '',
  creative: 'Try something out of the ordinary: an angle that nobody would take at first.',
  simple: 'Keep it short, plain and free of anything that is not needed.',
  description: 'Be thorough: explain the task and all that one has to know to do it well.',
  highStakes: 'Have it set a scene in which much depends on a right answer, and a mistake would be grave.',
  persona: 'Have it begin with who the model is to be, somebody who is good at this very task: "You are …".',
};

/** Some `tokens` at most, however long the parts are. */
export function instructionPrompt(request: InstructionRequest, tokens: number): string {
  const { module, instruction, summary, source, program, description, demos, tip, tokensAtMost } = request;
  const known = (text: string | null) => (text === null ? [] : [text]);
  return promptOf(
    {
      beginning:
        'A program solves a task by calls of a language model, each with a written instruction. Your task is to write a ' +
        'better instruction for one of its steps.',
      sections: [
        { heading: 'The data', texts: known(summary) },
        { heading: 'The program', texts: known(source), code: true },
        { heading: 'What the program does', texts: known(program) },
        { heading: 'The step', texts: [signatureOf(module), ...known(description)] },
        { heading: 'Calls of the step that came out well', texts: demos.map((demo) => callText(demo, module)) },
        {
          heading: 'The present instruction of the step',
          texts: [instruction.trim() === '' ? 'It has none yet.' : instruction],
        },
      ],
      end: [
        '# What to do',
        'Write an instruction with which a language model does this step better, on other examples of the same kind as well.' +
          (tip === 'none' ? '' : ` ${tipTexts[tip]}`),
        `Give the instruction, and nothing else, between two lines of three backticks; of some ${tokensAtMost} tokens at most.`,
      ].join('\n\n'),
    },
    tokens,
  );
}

function callText({ fields }: Demo, { signature: { inputs, outputs } }: Module): string {
  const among = (names: readonly { readonly name: string }[]) =>
    fieldsText(
      Object.fromEntries(names.flatMap(({ name }) => (name in fields ? [[name, fields[name]!] as const] : []))),
    );
  return `It was given: ${among(inputs)}\nIt gave: ${among(outputs)}`;
}
