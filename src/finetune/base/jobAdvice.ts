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

/** Keys of a job that some services do not know, or take in another form. */
const keys = ['metadata', 'suffix', 'seed'] as const;
const tooFewRows = /at least \d+ (\w+ )?(examples?|rows?|samples?|lines?)|too few (examples|rows|samples)/i;

/** @param setting where the trainer is configured: `endpoints.lab.fineTune`. */
export function jobAdvice(said: string, setting: string): string {
  if (tooFewRows.test(said)) {
    return `Give the step more rows that the program gets right, and name the least in ${setting}.minRows.`;
  }
  const key = keys.find((each) => new RegExp(`\\b${each}\\b`, 'i').test(said));
  if (key !== undefined)
    return `Leave it out, or write it as the service takes it: ${setting}.extra: {"${key}": null}.`;
  const found = settings.find(([words]) => words.test(said))?.[1];
  if (found !== undefined) return found;
  return /\bmodel\b/i.test(said)
    ? `${setting}.model names the base that is trained there, where it has another name.`
    : '';
}
