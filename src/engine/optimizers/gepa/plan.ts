import { given } from '../../../base/given.ts';
import type { Estimate, PlanContext, PlannedCalls, Runs, StepPlan } from '../../estimate.ts';
import { both, noDemos } from '../../estimate.ts';
import { lengthOfInstructions, usualInstruction } from '../../proposer/length.ts';
import { askedOf } from '../../proposer/question.ts';
import { askedTeacher } from '../../teacher.ts';
import { frameTokens } from './proposer/reflect.ts';
import { mostOfIteration } from './search/cap.ts';
import { atMost, rolloutsOf } from './settings.ts';
import type { SizedSettings } from './settings.ts';

/** Share of proposals that are taken to do better on their minibatch. */
const accepted = 0.2;

/** What the real loop takes: all of its budget in program runs, and as many proposals as fit in it. */
export function planReflection(settings: SizedSettings, context: PlanContext): StepPlan {
  const { prompts } = context;
  const demos = prompts.demos ?? noDemos;
  const longer = lengthOfInstructions(settings.proposer, context.prompts);
  const rollouts = rolloutsOf(settings, context.sample.predictors);
  const { expected, most } = proposals(settings, rollouts);
  return {
    runs: [
      { runs: both(rollouts), demos, longer },
      ...teacherRuns(settings, context, { expected, most }).map((runs) => ({ ...runs, longer })),
    ],
    // Each is asked for twice at most: see `GepaTask.propose`.
    calls: [
      {
        calls: { expected, most: 2 * most },
        ...tokensOf(settings, context),
        ...given({ of: askedOf(settings.proposer) }),
      },
    ],
    prompts: { ...prompts, instructions: true, longer },
  };
}

function proposals({ validation, minibatch, merge }: SizedSettings, rollouts: number): Estimate {
  const left = rollouts - validation;
  const expected = left / (2 * minibatch + accepted * validation);
  // An iteration is begun where its worst case fits; one whose proposal is refused takes its parent's runs alone.
  const most =
    Math.floor((left - mostOfIteration({ minibatch, rows: { validation }, merge: atMost(merge) })) / minibatch) + 1;
  return { expected: Math.min(expected, most), most };
}

/** Of each minibatch the rows that went wrong. */
function teacherRuns(
  { teacher, minibatch }: SizedSettings,
  { sample, prompts }: PlanContext,
  asked: Estimate,
): readonly Runs[] {
  const of = askedTeacher(teacher);
  if (of === undefined) return [];
  const expected = asked.expected * minibatch * (1 - sample.correct);
  return [{ runs: { expected, most: asked.most * minibatch }, demos: prompts.demos ?? noDemos, of }];
}

function tokensOf(
  { minibatch, proposer }: SizedSettings,
  { sample }: PlanContext,
): Pick<PlannedCalls, 'inputTokens' | 'outputTokens'> {
  const { promptTokens, maxTokens } = proposer;
  const { calls, inputTokens, outputTokens } = sample;
  const run = calls * ((inputTokens ?? 0) + (outputTokens ?? 0));
  return {
    inputTokens: { expected: Math.min(promptTokens, frameTokens + minibatch * run), most: promptTokens },
    outputTokens: { expected: Math.min(maxTokens, usualInstruction), most: maxTokens },
  };
}
