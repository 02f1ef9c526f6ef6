/** What to change where a hosted service does not take a job: the setting that its words are about. */

const settings: readonly (readonly [RegExp, string])[] = [
  [/learning.?rate/i, 'Change "learningRate" of the weight step.'],
  [/batch.?size/i, 'Change "batchSize" of the weight step.'],
  [/\blora.?alpha|\balpha\b/i, 'Change "lora.alpha" of the weight step.'],
  [/\blora.?r(ank)?\b|\brank\b/i, 'Change "lora.rank" of the weight step.'],
  [/trainable.?modules|target.?modules/i, 'Change "lora.targets" of the weight step.'],
  [/epochs?\b/i, 'Change "epochs" of the weight step.'],
  [
    /(context|sequence).?length|too many tokens|too long/i,
    'Rows are too long for it: shorten the prompts, or take a base with a longer context.',
  ],
];

/** @param setting where the trainer is configured: `endpoints.lab.fineTune`. */
export function jobAdvice(said: string, setting: string): string {
  const found = settings.find(([words]) => words.test(said))?.[1];
  if (found !== undefined) return found;
  return /\bmodel\b/i.test(said)
    ? `${setting}.model names the base that is trained there, where it has another name.`
    : '';
}
