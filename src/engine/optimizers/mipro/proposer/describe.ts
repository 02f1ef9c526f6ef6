/** What a program and each of its predictors are for, in an LM's words (dspy/propose/grounded_proposer.py). */
import type { PredictorDescription } from '../../../../data/program.ts';
import type { Ask } from '../../../ask.ts';
import { promptOf } from '../../../proposer/prompt.ts';
import type { Proposer } from '../../../proposer/settings.ts';
import { wordsOf } from '../../../proposer/words.ts';

/** A predictor, as far as the proposer is told of it. */
export type Module = Pick<PredictorDescription, 'name' | 'signature'>;

export interface Descriptions {
  /** `null`: there is none. */
  readonly program: string | null;
  /** By predictor, in order. */
  readonly modules: readonly (string | null)[];
}

/** First the program is described, then each predictor in the light of that. @param source `null`: not known. */
export async function describe(
  source: string | null,
  modules: readonly Module[],
  ask: Ask,
  proposer: Proposer,
): Promise<Descriptions> {
  if (source === null) return { program: null, modules: modules.map(() => null) };
  const tokens = proposer.promptTokens;
  const program = await wordsOf(ask, programPrompt(source, tokens), proposer);
  const prompts = modules.map((module) => modulePrompt(module, source, program, tokens));
  return { program, modules: await Promise.all(prompts.map((prompt) => wordsOf(ask, prompt, proposer))) };
}

/** `hint: question -> hint` */
export function signatureOf({ name, signature: { inputs, outputs } }: Module): string {
  const names = (fields: typeof inputs) => fields.map((field) => field.name).join(', ');
  return `${name}: ${names(inputs)} -> ${names(outputs)}`;
}

export function programPrompt(source: string, tokens: number): string {
  return promptOf(
    {
      beginning: 'The code of a program follows that solves a task by calls of a language model.',
      sections: [{ heading: 'The program', texts: [source], code: true }],
      end: '# What to do\n\nSay in a few sentences what task it seems to be made for, and how it goes about it.',
    },
    tokens,
  );
}

export function modulePrompt(module: Module, source: string, program: string | null, tokens: number): string {
  return promptOf(
    {
      beginning: 'The code of a program follows that solves a task by calls of a language model.',
      sections: [
        { heading: 'The program', texts: [source], code: true },
        { heading: 'What it does', texts: program === null ? [] : [program] },
        { heading: 'The step in question', texts: [signatureOf(module)] },
      ],
      end: '# What to do\n\nSay in a few sentences what this step is for in the whole program.',
    },
    tokens,
  );
}
