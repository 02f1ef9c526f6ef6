import * as l10n from '../../base/l10n.ts';
import type { Consequences } from '../work/consequences.ts';

/** What spans take to another machine. */
export function traceSentences(tracesTo: Consequences['tracesTo']): readonly string[] {
  if (tracesTo === null) return [];
  return [
    tracesTo.content
      ? l10n.t`Traces of program runs and calls go to ${tracesTo.host}: with prompts, answers and rows.`
      : l10n.t`Traces of program runs and calls go to ${tracesTo.host}: names, scores, tokens and times, without prompts, answers and rows.`,
  ];
}
