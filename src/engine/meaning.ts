/**
 * What remembered outcomes and comparisons mean: a part of their keys. Raise it when a change of ours gives another
 * outcome for the same program, state and row: a score, words of the metric or a parsed field that differs, prompts that are written
 * otherwise. A release by itself changes nothing, so no one pays for one.
 */
export const outcomesMean = 3;
