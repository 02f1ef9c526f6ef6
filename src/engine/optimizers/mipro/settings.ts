/** Settings of a search over instructions and demo sets (MIPROv2). */
import * as z from 'zod';
import { UsageError } from '../../../base/errors.ts';
import type { EndpointFacts } from '../../optimizer.ts';
import { checkProposer, keptProposer, resolveProposer, writtenProposer } from '../../proposer/settings.ts';
import { rowCounts } from '../../searchRows.ts';
import type { RowCounts } from '../../searchRows.ts';
import { count, countOrNone, folds, keptTeacher, resolveTeacher, writtenTeacher } from '../../settingSchemas.ts';
import type { Budget } from './search/budgets.ts';
import { autoBudget, minibatchesAbove } from './search/budgets.ts';

const autoSchema = z.enum(['light', 'medium', 'heavy']);

export const writtenSchema = z
  .strictObject({
    auto: autoSchema
      .optional()
      .describe(
        'The budget in words: 6, 12 or 18 demo sets a predictor, half as many instructions, and as many trials as DSPy ' +
          'makes of them (10, 18 or 27 for one predictor). Default "light".',
      ),
    trials: count
      .optional()
      .describe('Combinations of instructions and demos that are tried, instead of "auto". Give "candidates" with it.'),
    candidates: count
      .min(2)
      .optional()
      .describe(
        'Instructions and demo sets to choose from, of each so many a predictor, instead of "auto": the instruction that is ' +
          'there and no demos are the first of them. Give "trials" with it.',
      ),
    maxBootstrappedDemos: countOrNone
      .optional()
      .describe(
        'Demos made from correct traces, per predictor at most. Default 4. With "maxLabeledDemos" 0 as well, a search for ' +
          'instructions alone.',
      ),
    maxLabeledDemos: countOrNone
      .optional()
      .describe('Demos per predictor at most, bootstrapped and labelled together. Default 4; 0: no labelled demos.'),
    minibatch: countOrNone
      .optional()
      .describe(
        'Validation rows that a combination is first tried on; 0: always on all of them. Default 35 where there are more ' +
          'than 50, else 0.',
      ),
    fullEvery: count
      .optional()
      .describe('After how many trials on minibatches the best of them is scored on all validation rows. Default 5.'),
    proposer: writtenProposer
      .optional()
      .describe('Who describes the data and the program, and writes instructions from that and from demos.'),
    teacher: writtenTeacher,
    folds,
    train: count
      .optional()
      .describe('Examples to bootstrap from and to describe the data by (T). Default: those that are left of train.'),
    validation: count
      .optional()
      .describe(
        'Examples that combinations are compared on (V), never those of T. Default 70 % of train, of the budgets at most ' +
          '100 (light), 300 (medium) or 1000 (heavy), else 100.',
      ),
  })
  .describe('A search over instructions that an LM proposes and demo sets that are bootstrapped (MIPROv2).');
export type WrittenSettings = z.infer<typeof writtenSchema>;

export const settingsSchema = z.object({
  /** `null`: the budget is given in `trials` and `candidates`. */
  auto: autoSchema.nullable(),
  trials: z.number().nullable(),
  candidates: z.number().nullable(),
  maxBootstrappedDemos: z.number(),
  maxLabeledDemos: z.number(),
  /** `null`: by how many validation rows there are. */
  minibatch: z.number().nullable(),
  fullEvery: z.number(),
  proposer: keptProposer,
  teacher: keptTeacher,
  /** T and V are all rows, in so many folds; `null`: they are apart. */
  folds: z.number().nullable(),
  train: z.number().nullable(),
  validation: z.number().nullable(),
});
export type MiproSettings = z.infer<typeof settingsSchema>;

/** Settings for a training set of a known size. */
export interface SizedSettings extends MiproSettings {
  readonly train: number;
  readonly validation: number;
  /** 0: none, a combination is always scored on all rows. */
  readonly minibatch: number;
}

/** As dspy.MIPROv2's (dspy/teleprompt/mipro_optimizer_v2.py). */
export function resolve(written: WrittenSettings, endpoint: EndpointFacts): MiproSettings {
  const { auto, trials = null, candidates = null } = written;
  return {
    auto: auto ?? (trials === null && candidates === null ? 'light' : null),
    trials,
    candidates,
    maxBootstrappedDemos: written.maxBootstrappedDemos ?? 4,
    maxLabeledDemos: written.maxLabeledDemos ?? 4,
    minibatch: written.minibatch ?? null,
    fullEvery: written.fullEvery ?? 5,
    proposer: resolveProposer(written.proposer, endpoint),
    teacher: resolveTeacher(written.teacher),
    folds: written.folds ?? null,
    train: written.train ?? null,
    validation: written.validation ?? null,
  };
}

/** Demos stay as they are: a search for instructions alone. */
export function isZeroShot(settings: Pick<MiproSettings, 'maxBootstrappedDemos' | 'maxLabeledDemos'>): boolean {
  return settings.maxBootstrappedDemos === 0 && settings.maxLabeledDemos === 0;
}

/** Trials, and what there is to choose from for each of so many predictors. */
export function budgetOf(
  settings: MiproSettings,
  predictors: number,
): Pick<Budget, 'trials' | 'instructions' | 'demoSets'> {
  const { auto, trials, candidates } = settings;
  if (trials !== null && candidates !== null) return { trials, instructions: candidates, demoSets: candidates };
  return autoBudget(auto ?? 'light', predictors, isZeroShot(settings));
}

/** Rows that a minibatch has by default (DSPy: `minibatch_size`). */
const usualMinibatch = 35;

/**
 * Sizes of T, V and minibatches.
 *
 * @param key see `OptimizerSpec.fit`.
 * @throws UsageError as `rowCounts`, and for settings that do not go together.
 */
export function sized(settings: MiproSettings, size: number, key: string): SizedSettings {
  checkBudget(settings, key);
  checkProposer(settings.proposer, key);
  const counts = rowCounts(settings, size, (asked) => standardCounts(settings, asked, size), key);
  return { ...settings, ...counts, minibatch: minibatchOf(settings, counts, key) };
}

function standardCounts(
  { auto }: MiproSettings,
  asked: Pick<MiproSettings, 'train' | 'validation'>,
  size: number,
): RowCounts {
  // How many predictors there are, and of what, does not change how many rows are enough.
  const { validationAtMost } = autoBudget(auto ?? 'light', 1, false);
  const standard = Math.min(validationAtMost, Math.floor((7 * size) / 10), size - (asked.train ?? 1));
  const validation = asked.validation ?? Math.max(1, standard);
  return { train: asked.train ?? size - validation, validation };
}

function minibatchOf({ minibatch }: MiproSettings, { validation }: RowCounts, key: string): number {
  if (minibatch === null) return validation > minibatchesAbove ? usualMinibatch : 0;
  if (minibatch <= validation) return minibatch;
  throw new UsageError(
    `"${key}.minibatch" (${minibatch}) is more than the ${validation} rows that combinations are compared on. ` +
      `Lower it, or leave it out: so few rows need no minibatches.`,
  );
}

function checkBudget({ auto, trials, candidates }: MiproSettings, key: string): void {
  const written = Object.entries({ trials, candidates }).flatMap(([name, value]) => (value === null ? [] : [name]));
  if (auto !== null && written.length > 0) {
    const others = written.map((name) => `"${key}.${name}"`).join(' and ');
    throw new UsageError(
      `"${key}.auto" says the budget, and so ${written.length === 1 ? 'does' : 'do'} ${others}. Remove one or the other.`,
    );
  }
  if (written.length !== 1) return;
  const [there, missing] = trials === null ? ['candidates', 'trials'] : ['trials', 'candidates'];
  throw new UsageError(
    `"${key}.${there}" needs "${key}.${missing}" beside it: so many ${missing === 'trials' ? 'combinations are tried' : 'instructions and demo sets are there to choose from'}. ` +
      `"light" is 10 trials of 6 candidates for one predictor.`,
  );
}
