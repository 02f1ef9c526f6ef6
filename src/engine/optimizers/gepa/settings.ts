/** Settings of a reflective search for instructions (GEPA). */
import * as z from 'zod';
import { UsageError } from '../../../base/errors.ts';
import type { EndpointFacts } from '../../optimizer.ts';
import { rowCounts } from '../../searchRows.ts';
import type { RowCounts } from '../../searchRows.ts';
import { count, countOrNone, folds, keptTeacher, resolveTeacher, teacherLm } from '../../settingSchemas.ts';
import { mostOfIteration } from './search/cap.ts';
import type { SearchSetup } from './search/terms.ts';

/** How many candidates a budget is for: each takes all validation rows, and some six proposals until it is found. */
const candidatesOf = { light: 5, medium: 8, heavy: 12 } as const;
const proposalsPerCandidate = 6;

/** What `proposer` leaves out. */
const proposerDefaults = { temperature: 1, maxTokens: 4000, promptTokens: 16_000, instructionTokens: 3000 };
/** Together with its answer a prompt is to fit the 2,048 tokens that the small model is quick with. */
const embeddedProposerDefaults = { temperature: 1, maxTokens: 200, promptTokens: 1200, instructionTokens: 200 };

const proposerSchema = z
  .strictObject({
    model: z.string().min(1).optional().describe("The LM that reflects. Default: the program's, before any training."),
    endpoint: z
      .string()
      .min(1)
      .optional()
      .describe('Its name under "endpoints". Default: the program\'s. Give "model" with it.'),
    temperature: z.number().min(0).max(2).optional().describe('Its sampling temperature. Default 1.0.'),
    maxTokens: count.optional().describe('Tokens of its answer at most. Default 4000; on the embedded endpoint 200.'),
    promptTokens: count
      .optional()
      .describe(
        'Tokens of its prompt at most, about: what is longer is shortened. Default 16000; on the embedded endpoint 1200.',
      ),
    instructionTokens: count
      .optional()
      .describe('Tokens of a new instruction at most, about. Default 3000; on the embedded endpoint 200.'),
  })
  .describe('Who writes new instructions, from what happened under the present ones.');

export const writtenSchema = z
  .strictObject({
    auto: z
      .enum(['light', 'medium', 'heavy'])
      .optional()
      .describe('The budget in words: program runs for some 5, 8 or 12 new candidates. Default "light".'),
    rollouts: count
      .optional()
      .describe('The budget in program runs that are scored, instead of "auto". It is never gone beyond.'),
    minibatch: count.optional().describe('Rows that a proposal is made from and first tried on. Default 3.'),
    skipPerfect: z.boolean().optional().describe('Whether a minibatch without a mistake is passed over. Default true.'),
    merge: countOrNone
      .optional()
      .describe(
        'Candidates put together of two others that are kept at most. Default 0: none are tried, for they often do harm.',
      ),
    proposer: proposerSchema.optional(),
    teacher: teacherLm
      .optional()
      .describe(
        'A larger LM that runs the program on the rows of a minibatch that went wrong, besides "rollouts": the proposer sees ' +
          'how it did where it did better. Default: none.',
      ),
    folds,
    train: count.optional().describe('Rows to learn from (T). Default: those that are left of train.'),
    validation: count
      .optional()
      .describe('Rows that candidates are compared on (V), never those of T. Default min(100, 50 % of train).'),
  })
  .describe('Reflective search: an LM reads what happened and rewrites the instructions (GEPA).');
export type WrittenSettings = z.infer<typeof writtenSchema>;

export const settingsSchema = z.object({
  /** `null`: the budget is given in `rollouts`. */
  auto: z.enum(['light', 'medium', 'heavy']).nullable(),
  rollouts: z.number().nullable(),
  minibatch: z.number(),
  skipPerfect: z.boolean(),
  /** Merged candidates that are kept at most. */
  merge: z.number(),
  proposer: z.object({
    /** `null`: the run's base model. */
    model: z.string().nullable(),
    endpoint: z.string().nullable(),
    temperature: z.number(),
    maxTokens: z.number(),
    promptTokens: z.number(),
    instructionTokens: z.number(),
  }),
  teacher: keptTeacher,
  /** T and V are all rows, in so many folds; `null`: they are apart. */
  folds: z.number().nullable(),
  train: z.number().nullable(),
  validation: z.number().nullable(),
});
export type GepaSettings = z.infer<typeof settingsSchema>;
export type Proposer = GepaSettings['proposer'];

/** Settings for a training set of a known size. */
export interface SizedSettings extends GepaSettings {
  readonly rollouts: number;
  readonly train: number;
  readonly validation: number;
}

/** As dspy.GEPA's, but that merges are off (dspy/teleprompt/gepa/gepa.py). */
export function resolve(written: WrittenSettings, { embedded }: EndpointFacts): GepaSettings {
  const { auto, rollouts = null, merge = 0, proposer: { model = null, endpoint = null, ...limits } = {} } = written;
  const defaults = embedded ? embeddedProposerDefaults : proposerDefaults;
  return {
    auto: auto ?? (rollouts === null ? 'light' : null),
    rollouts,
    minibatch: written.minibatch ?? 3,
    skipPerfect: written.skipPerfect ?? true,
    merge,
    proposer: {
      ...{ model, endpoint },
      temperature: limits.temperature ?? defaults.temperature,
      maxTokens: limits.maxTokens ?? defaults.maxTokens,
      promptTokens: limits.promptTokens ?? defaults.promptTokens,
      instructionTokens: limits.instructionTokens ?? defaults.instructionTokens,
    },
    teacher: resolveTeacher(written.teacher),
    folds: written.folds ?? null,
    train: written.train ?? null,
    validation: written.validation ?? null,
  };
}

/**
 * Sizes of T and V, by default min(100, 50 %) for V and the rest for T, and the budget.
 *
 * @param key see `OptimizerSpec.fit`.
 * @throws UsageError as `rowCounts`, and for a budget in which nothing can be proposed.
 */
export function sized(settings: GepaSettings, size: number, key: string): SizedSettings {
  checkTogether(settings, key);
  const counts = rowCounts(settings, size, (asked) => standardCounts(asked, size), key);
  const rollouts = settings.rollouts ?? rolloutsOf(settings, counts.validation);
  checkBudget({ ...settings, ...counts, rollouts }, key);
  return { ...settings, ...counts, rollouts };
}

function standardCounts(asked: Pick<GepaSettings, 'train' | 'validation'>, size: number): RowCounts {
  const half = Math.min(100, Math.floor(size / 2), size - (asked.train ?? 1));
  const validation = asked.validation ?? Math.max(1, half);
  return { train: asked.train ?? size - validation, validation };
}

function rolloutsOf({ auto, minibatch }: GepaSettings, validation: number): number {
  return validation + candidatesOf[auto ?? 'light'] * (validation + proposalsPerCandidate * 2 * minibatch);
}

function checkTogether({ auto, rollouts, proposer, folds: asked, merge }: GepaSettings, key: string): void {
  if (auto !== null && rollouts !== null) {
    throw new UsageError(`"${key}.auto" and "${key}.rollouts" both say the budget. Remove one of them.`);
  }
  if (asked !== null && merge > 0) {
    throw new UsageError(`"${key}.folds" and "${key}.merge" do not go together. Remove one of them.`);
  }
  if (proposer.endpoint !== null && proposer.model === null) {
    throw new UsageError(`"${key}.proposer.endpoint" needs the model there: give "${key}.proposer.model".`);
  }
}

function checkBudget({ rollouts, minibatch, validation, merge }: Omit<SizedSettings, 'train'>, key: string): void {
  const least = validation + mostOfIteration({ minibatch, rows: { validation }, merge: atMost(merge) });
  if (rollouts >= least) return;
  throw new UsageError(
    `"${key}.rollouts" (${rollouts}) is too little for a single proposal: the program takes ${validation} runs on the ` +
      `validation rows, a proposal ${2 * minibatch} on its minibatch, and ${validation} more if it is accepted. ` +
      `Raise it to ${least} or more (some 10 times that is usual), or lower "${key}.validation".`,
  );
}

/** As the search is given it. */
export function atMost(merge: GepaSettings['merge']): SearchSetup['merge'] {
  return merge === 0 ? null : { atMost: merge };
}
