/** A program of two predictors whose LM heeds their instructions: for searches of instructions. */
import type { RunResult } from '../../src/protocol.ts';
import type { FakeCall } from '../fakes/fakeEndpoint.ts';
import { two } from './dspyPython.ts';

/** What an instruction has to say to be of help, by predictor. */
export const words = { hint: 'A hint names the place.', answer: 'An answer is looked up.' } as const;

/** The program in Python, and what reads the instructions in a state that DSPy loads. */
export const python = `${two}

def words_of(path):
    import json

    program = Two()
    program.load(path)
    return json.dumps({name: each.signature.instructions for name, each in program.named_predictors()})
`;

/**
 * The LM of the program. It knows every third row; one third more where the answer's instruction has its words, and the
 * last third where a hint names the place, which it does where the hint's instruction has its words.
 */
export function student({ messages }: FakeCall): string {
  const system = messages[0]!.content;
  const asked = messages.at(-1)!.content;
  const [, split, id] = /\[\[ ## question ## \]\]\n(\w+) (\d+)/.exec(asked) ?? [];
  const field = /starting with the field `\[\[ ## (\w+) ## \]\]`/.exec(asked)?.[1] ?? 'answer';
  const place = system.includes(words.hint) ? ', at the place' : '';
  const knows = [true, system.includes(words.answer), asked.includes(', at the place')][Number(id) % 3];
  const value = field === 'hint' ? `hint for ${split} ${id}${place}` : knows ? `a ${split} ${id}` : 'no idea';
  return `[[ ## ${field} ## ]]\n${value}\n\n[[ ## completed ## ]]`;
}

export function instructionsOf({ state }: RunResult): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(state.predictors).map(([name, { instructions }]) => [name, instructions]));
}
