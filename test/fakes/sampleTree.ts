/** The candidates of the sample run's reflective search: instructions, each rewritten from those of its parents. */

export interface SampleCandidate {
  readonly parents: readonly number[];
  /** By predictor. */
  readonly instructions: Readonly<Record<string, string>>;
  /** The predictor that was rewritten; `null`: it is what the step began with, or a merge. */
  readonly component: string | null;
  /** The probability that it is right on a row. */
  readonly right: number;
}

/** @param text what a model may have written. */
export function sampleTree([query, answer]: readonly [string, string], text: string): readonly SampleCandidate[] {
  const first = (name: string): string => `Answer the question about a river (${name}).`;
  const short = `Write a short query: the river's name and the one fact that is asked for. ${text}`;
  const named = `Answer the question about a river (${answer}). Name the river as its own country does.`;
  const exact =
    `Answer the question about a river (${answer}). Name the river as the question does, and give no sentence.\n\n` +
    `If the passages name two rivers, take the longer one. ${text}`;
  const careful = `Write a short query: the river's name and every fact that is asked for, without a question mark. ${text}`;
  return [
    { parents: [], instructions: { [query]: first(query), [answer]: first(answer) }, component: null, right: 0.45 },
    { parents: [0], instructions: { [query]: short, [answer]: first(answer) }, component: query, right: 0.5 },
    { parents: [0], instructions: { [query]: first(query), [answer]: named }, component: answer, right: 0.4 },
    { parents: [1], instructions: { [query]: careful, [answer]: first(answer) }, component: query, right: 0.55 },
    { parents: [2], instructions: { [query]: first(query), [answer]: exact }, component: answer, right: 0.6 },
    { parents: [3, 4], instructions: { [query]: careful, [answer]: exact }, component: null, right: 0.8 },
  ];
}
