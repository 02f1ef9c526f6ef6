/**
 * What the rows of a task have in common, in a few sentences: an LM looks at some of them after the others and adds to
 * what it noticed (dspy/propose/dataset_summary_generator.py).
 */
import type { Example } from '../../../../data/program.ts';
import type { Ask } from '../../../ask.ts';
import { fieldsText } from '../../../proposer/fieldsText.ts';
import { promptOf } from '../../../proposer/prompt.ts';
import type { Proposer } from '../../../proposer/settings.ts';
import { wordsOf } from '../../../proposer/words.ts';

/** Rows that are looked at together, and how often at most (DSPy: `view_data_batch_size`, `max_calls`). */
export const rowsAtOnce = 10;
const looksAtMost = 10;
/** That often the LM may have nothing to add before it is asked no more. */
const completeAtMost = 5;

/** Questions that a summary takes at most. */
export function summaryCalls(rows: number): number {
  return Math.min(looksAtMost, Math.ceil(rows / rowsAtOnce)) + 1;
}

/** `null`: no question was answered. */
export async function summaryOf(rows: readonly Example[], ask: Ask, proposer: Proposer): Promise<string | null> {
  const observations = await observationsOn(rows, ask, proposer);
  if (observations.length === 0) return null;
  return wordsOf(ask, summaryPrompt(observations, proposer.promptTokens), proposer);
}

async function observationsOn(rows: readonly Example[], ask: Ask, proposer: Proposer): Promise<readonly string[]> {
  let observations: readonly string[] = [];
  let complete = 0;
  for (let look = 0; look < looksAtMost && look * rowsAtOnce < rows.length; look++) {
    const some = rows.slice(look * rowsAtOnce, (look + 1) * rowsAtOnce);
    const said = await wordsOf(ask, observationPrompt(some, observations, proposer.promptTokens), proposer);
    if (said === null) break;
    if (observations.length === 0 || !isComplete(said)) observations = [...observations, said];
    else if (++complete === completeAtMost) break;
  }
  return observations;
}

const isComplete = (said: string): boolean => said.toUpperCase().startsWith('COMPLETE');

export function observationPrompt(rows: readonly Example[], before: readonly string[], tokens: number): string {
  const first = before.length === 0;
  return promptOf(
    {
      beginning: 'Rows of a data set follow. Say what you notice about them.',
      sections: [
        { heading: 'What was noticed of earlier rows', texts: before },
        { heading: 'Rows', texts: rows.map(({ fields }) => fieldsText(fields)) },
      ],
      end:
        '# What to do\n\nWrite down what holds for most or all of these rows: subjects, content, form, length, how answers ' +
        'are given. Guess what task the data set is for, and do not be timid about it.' +
        (first
          ? ''
          : ' Add to what was noticed before. If there is nothing to add, answer with the word COMPLETE alone.'),
    },
    tokens,
  );
}

export function summaryPrompt(observations: readonly string[], tokens: number): string {
  return promptOf(
    {
      beginning: 'Notes about a data set follow, made while looking through its rows.',
      sections: [{ heading: 'Notes', texts: observations }],
      end: '# What to do\n\nSum them up in two or three sentences that keep only what matters most.',
    },
    tokens,
  );
}
