import type { Ask } from '../ask.ts';
import { CallRejected } from '../errors.ts';
import { questionOf } from './question.ts';
import type { Proposer } from './settings.ts';
import { isUnfinishedThought } from './thoughts.ts';

/**
 * What a proposer says in its own words; `null`: it was not answered, or with nothing of use. The question is begun before
 * this returns: see `Ask`.
 */
export async function wordsOf(ask: Ask, content: string, proposer: Proposer): Promise<string | null> {
  try {
    const { text } = await ask(questionOf(content, proposer));
    return isUnfinishedThought(text) || text.trim() === '' ? null : text.trim();
  } catch (error) {
    if (error instanceof CallRejected) return null;
    throw error;
  }
}
