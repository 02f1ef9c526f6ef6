import type { Consequences } from '../work/consequences.ts';

/** What spans take to another machine. */
export function traceSentences(tracesTo: Consequences['tracesTo']): readonly string[] {
  if (tracesTo === null) return [];
  const what = tracesTo.content
    ? 'with prompts, answers and rows'
    : 'names, scores, tokens and times, without prompts, answers and rows';
  return [`Traces of program runs and calls go to ${tracesTo.host}: ${what}.`];
}
