import type { ProgramOutcome } from '../data/trace.ts';

/**
 * Whether an outcome says something about the answers in it: not where the user's code, its metric or the machine broke the
 * run off, and an unreadable answer is one.
 */
export function showsSomething({ error }: Pick<ProgramOutcome, 'error'>): boolean {
  return error === undefined || error.kind === 'parse';
}
