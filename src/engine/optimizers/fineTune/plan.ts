import { given } from '../../../base/given.ts';
import type { Estimate, PlanContext, PlannedJob, Prompts, StepPlan } from '../../estimate.ts';
import { both, noDemos, pricedJob, tries } from '../../estimate.ts';
import { programCalls } from '../../sample.ts';
import { answeringInTurn } from '../../teacher.ts';
import type { FittedSettings, PromptKind } from './settings.ts';

/** The program as it is makes the traces; what comes of them is tried on dev where the job keeps checkpoints. */
export function planTuning(settings: FittedSettings, context: PlanContext): StepPlan {
  const { rounds, checkpoints } = settings;
  const { sample, prompts: before, sizes } = context;
  const kind = kindPlanned(settings, before);
  const after: Prompts = kind === 'vanilla' ? { demos: null, instructions: false } : before;
  const prompts = kind === 'instructions' ? { ...after, demos: null } : after;
  return {
    runs: [
      // A teacher is taken to be right as often as the program was.
      ...answeringInTurn(settings.teacher).map((of) => ({
        runs: { expected: sizes.train * tries(sample.correct, rounds), most: sizes.train * rounds },
        demos: before.demos ?? noDemos,
        ...given({ of }),
      })),
      // Whether a service keeps checkpoints is known when it has trained.
      { runs: { expected: 0, most: checkpoints * sizes.dev }, demos: prompts.demos ?? noDemos },
    ],
    prompts,
    training: jobOf(settings, kind, context),
  };
}

function kindPlanned({ prompts }: FittedSettings, { instructions }: Prompts): PromptKind {
  if (prompts !== 'auto') return prompts;
  return instructions ? 'instructions' : 'vanilla';
}

function jobOf(
  settings: FittedSettings,
  kind: PromptKind,
  { sample, sizes, prompts, prices }: PlanContext,
): PlannedJob {
  const { calls, inputTokens, outputTokens } = programCalls(sample);
  const demos = prompts.demos ?? noDemos;
  const kept = 1 - (1 - sample.correct) ** settings.rounds;
  const ofExample = calls * (kind === 'both' ? 2 : 1) * answeringInTurn(settings.teacher).length;
  const rows = { expected: Math.round(sizes.train * kept * ofExample), most: Math.ceil(sizes.train * ofExample) };
  if (inputTokens === null || outputTokens === null) return { rows, tokens: null, usd: null };
  const row = inputTokens + outputTokens;
  // Rows with the current prompts have its demos, those with the vanilla ones none; `both` makes one of each.
  const share = { vanilla: 0, instructions: 0, both: 0.5, current: 1 }[kind];
  const { longer = both(0) } = prompts;
  const found = { vanilla: 0, instructions: 1, both: 0.5, current: 1 }[kind];
  const each = (key: keyof Estimate) => row * (1 + share * demos[key]) + found * longer[key];
  return pricedJob(rows, (key) => each(key) * settings.epochs, prices);
}
