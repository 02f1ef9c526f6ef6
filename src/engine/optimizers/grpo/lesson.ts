/** What one update learns from: rollouts of the policy as it is, compared with each other. */
import * as z from 'zod';
import { contentHash } from '../../../base/contentHash.ts';
import { given } from '../../../base/given.ts';
import { fieldsSchema } from '../../../data/fields.ts';
import type { ProgramState } from '../../../data/program.ts';
import type { TraceCall } from '../../../data/trace.ts';
import type { StepContext } from '../../optimizer.ts';
import { showsSomething } from '../../outcomes.ts';
import { priority } from '../../pool.ts';
import { PythonRandom } from '../../pythonRandom.ts';
import { rememberedWork } from '../../rememberedWork.ts';
import { sum } from '../../sample.ts';
import { outcomeScore, percent } from '../../score.ts';
import type { Scope } from '../../scope.ts';
import { FailureTally } from '../../scope.ts';
import { contentOf, stateHash } from '../../state.ts';
import type { Drawn } from './draws.ts';
import { differs, groupsOf, rewardedCalls } from './groups.ts';
import type { Rollout } from './groups.ts';
import type { GrpoSettings } from './settings.ts';

const factsSchema = z.object({
  reward: z.number(),
  groups: z.number(),
  withoutDifference: z.number(),
  calls: z.number(),
  unreadable: z.number(),
  answerTokens: z.number().exactOptional(),
});

/** Facts as `policy.updated` tells them; calls in a random order. */
const lessonSchema = z.object({
  facts: factsSchema,
  learned: z.array(
    z.object({ predictor: z.string(), inputs: fieldsSchema, outputs: fieldsSchema, advantage: z.number() }),
  ),
});
export type Lesson = z.infer<typeof lessonSchema>;

export interface LessonRequest {
  /** The policy: the program with its weights and prompts as they are. */
  readonly state: ProgramState;
  readonly drawn: readonly Drawn[];
  /** From 1. */
  readonly update: number;
}

/**
 * One lesson, remembered as a whole.
 *
 * @throws HumanError where all of its rollouts fail alike.
 */
export async function lessonOf(
  settings: GrpoSettings,
  context: StepContext,
  request: LessonRequest,
  scope: Scope,
): Promise<Lesson> {
  // Always, one without a difference too: later updates are made of the weights that it left as they were.
  const kept = { key: keyOf(settings, context, request), schema: lessonSchema, isKept: () => true };
  return rememberedWork(context, kept, scope, async (own) => {
    const failures = new FailureTally(context.metricRange);
    const lesson = await learn(settings, context, request, { ...own, failures });
    failures.throwIfAllAlike(`Step "${scope.prefix}", update ${request.update}`);
    return lesson;
  });
}

function keyOf(
  { rollouts, temperature, fill }: GrpoSettings,
  { identity, tuned, metricRange, seed }: StepContext,
  { state, drawn, update }: LessonRequest,
): string {
  return contentHash([
    'policy update',
    identity,
    stateHash(state),
    { rollouts, temperature, fill, tuned, metricRange, seed, update },
    drawn.map(({ example, epoch }) => [contentHash(contentOf(example)), epoch]),
  ]);
}

async function learn(
  settings: GrpoSettings,
  context: StepContext,
  { state, drawn, update }: LessonRequest,
  scope: Scope,
): Promise<Lesson> {
  const { tuned, seed } = context;
  const all = await Promise.all(drawn.map((one) => rolloutsOf(settings, context, state, one, scope)));
  const random = new PythonRandom(`${seed} ${update}`);
  const groups = all.flatMap((rollouts) => groupsOf(rollouts, tuned, settings.fill, random));
  const kept = groups.filter(differs);
  const rewards = all.flat().map(({ reward }) => reward);
  const calls = all.flat().flatMap(({ trace }) => trace.filter(({ predictor }) => tuned.includes(predictor)));
  return {
    facts: {
      reward: percent(sum(rewards), Math.max(1, rewards.length)),
      groups: kept.length,
      withoutDifference: groups.length - kept.length,
      calls: calls.length,
      unreadable: calls.filter(({ outputs }) => outputs === null).length,
      ...given({ answerTokens: meanTokens(calls) }),
    },
    learned: random.shuffle(kept.flatMap(rewardedCalls)),
  };
}

/**
 * Those that were broken off are left out: they say nothing about their answers. Scored as ever, not as a trace that is
 * collected: some metrics are stricter there, and give no grades.
 */
async function rolloutsOf(
  { rollouts, temperature }: GrpoSettings,
  { runner, metricRange }: StepContext,
  state: ProgramState,
  { example, epoch }: Drawn,
  scope: Scope,
): Promise<readonly Rollout[]> {
  const task = { state, example, roundTemperature: temperature, purpose: 'rollout', candidate: null } as const;
  const outcomes = await Promise.all(
    Array.from({ length: rollouts }, (_, place) =>
      runner.run({ ...task, round: 1 + epoch * rollouts + place, priority: priority.collect }, scope),
    ),
  );
  return outcomes
    .filter(showsSomething)
    .map((outcome) => ({ reward: outcomeScore(outcome, metricRange), trace: outcome.trace }));
}

/** `undefined`: the endpoint reports none. */
function meanTokens(calls: readonly TraceCall[]): number | undefined {
  const known = calls.flatMap(({ lm }) => lm.flatMap(({ usage }) => (usage === null ? [] : [usage.outputTokens])));
  return known.length === 0 ? undefined : sum(known) / known.length;
}
