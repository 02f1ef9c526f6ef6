/** What to change where a hosted service does not take a job: the setting that its words are about. */

const settings: readonly (readonly [RegExp, string])[] = [
  [/learning.?rate/i, 'Change "learningRate" of the weight step.'],
  [/batch.?size/i, 'Change "batchSize" of the weight step.'],
  [/\blora.?alpha|\balpha\b/i, 'Change "lora.alpha" of the weight step.'],
  [/\blora.?r(ank)?\b|\brank\b/i, 'Change "lora.rank" of the weight step.'],
  [/trainable.?modules|target.?modules/i, 'Change "lora.targets" of the weight step.'],
  [/epochs?\b/i, 'Change "epochs" of the weight step.'],
];

/** Keys of a job that some services do not know, or take in another form. */
const keys = ['metadata', 'suffix', 'seed'] as const;
const isUnknown =
  /\b(unknown|unrecogni[sz]ed|extra|unexpected|unsupported|invalid|not (supported|permitted|allowed))\b/i;
/** What is said of the rows is not said of the job. */
const ofRows = /\b(messages?|rows?|lines?|examples?|samples?|file)\b/i;

const tooLarge = /^413\b|\b(entity|payload|body|file|upload|content|request) (is )?too large\b/i;
const isThere = /^409\b/;
const tooFewRows = /at least \d+ (\w+ )?(examples?|rows?|samples?|lines?)|too few (examples|rows|samples)/i;
const ofTrainingFile = /\bfile\b|training/i;
const rowsTooLong = /(context|sequence).?length|too many tokens|too long/i;

/** @param setting where the trainer is configured: `endpoints.lab.fineTune`. @returns '': nothing is known. */
export function jobAdvice(said: string, setting: string): string {
  if (tooLarge.test(said)) {
    return 'The file of rows is larger than the service, or what stands before it, takes: raise the limit there, or give the step fewer rows.';
  }
  // Names are made of the content and jobs found again by them, so another name is no way out.
  if (isThere.test(said)) return 'Delete what has that name at the service.';
  const found = settings.find(([words]) => words.test(said))?.[1];
  if (found !== undefined) return found;
  if (tooFewRows.test(said) && ofTrainingFile.test(said)) {
    return `Give the step more rows that the program gets right, and name the least in ${setting}.minRows.`;
  }
  const key = unknownKey(said);
  if (key !== null) return `Leave it out, or write it as the service takes it: ${setting}.extra: {"${key}": null}.`;
  if (rowsTooLong.test(said)) {
    return 'Rows are too long for it: shorten the prompts, or take a base with a longer context.';
  }
  return /\bmodel\b|\bavailable for fine-?tuning\b/i.test(said)
    ? `${setting}.model names the base that is trained there, where it has another name.`
    : '';
}

function unknownKey(said: string): string | null {
  if (!isUnknown.test(said) || ofRows.test(said)) return null;
  return keys.find((each) => new RegExp(`\\b${each}\\b`, 'i').test(said)) ?? null;
}
