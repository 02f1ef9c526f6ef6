/**
 * Which answers are compared with each other (mmGRPO, arXiv 2508.04660): group j of a predictor is its j-th call in every
 * rollout of one example, each rewarded with the score of its whole rollout.
 */
import type { Fields } from '../../../base/json.ts';
import type { TraceCall } from '../../../data/trace.ts';
import type { PythonRandom } from '../../pythonRandom.ts';
import { sum } from '../../sample.ts';
import type { GrpoSettings } from './settings.ts';

/** A sampled run of the program on an example. */
export interface Rollout {
  /** Its score, 0 to 1; 0 where an answer was unreadable. */
  readonly reward: number;
  readonly trace: readonly TraceCall[];
}

export interface Member {
  readonly call: TraceCall;
  readonly reward: number;
}

export interface Group {
  readonly predictor: string;
  /** Which call of the predictor in a rollout, from 0. */
  readonly place: number;
  readonly members: readonly Member[];
}

/** A call to learn from: what was answered, and how much better than the others of its group the whole rollout ended. */
export interface RewardedCall {
  readonly predictor: string;
  readonly inputs: Fields;
  readonly outputs: Fields;
  readonly advantage: number;
}

/** The groups of one example. @param predictors those whose weights are trained. */
export function groupsOf(
  rollouts: readonly Rollout[],
  predictors: readonly string[],
  fill: GrpoSettings['fill'],
  random: PythonRandom,
): readonly Group[] {
  return predictors.flatMap((predictor) => {
    const all = rollouts.map(({ trace, reward }) =>
      trace.filter((call) => call.predictor === predictor).map((call): Member => ({ call, reward })),
    );
    const most = Math.max(0, ...all.map(({ length }) => length));
    const filled = all.map((members) => filledUp(members, most, fill, random));
    return Array.from({ length: most }, (_, place) => ({
      predictor,
      place,
      members: filled.flatMap((members) => members.slice(place, place + 1)),
    }));
  });
}

/** With calls of the same rollout, with replacement, up to as many as the rollout with the most has. */
function filledUp(
  members: readonly Member[],
  most: number,
  fill: GrpoSettings['fill'],
  random: PythonRandom,
): readonly Member[] {
  const readable = members.filter(({ call }) => call.outputs !== null);
  if (fill === 'none' || readable.length === 0) return members;
  const more = Array.from({ length: most - members.length }, () =>
    fill === 'last' ? readable.at(-1)! : random.choice(readable),
  );
  return [...members, ...more];
}

/** Rewards that are all alike say nothing about any answer. */
export function differs({ members }: Group): boolean {
  return members.some(({ reward }) => reward !== members[0]!.reward);
}

/**
 * The reward minus the mean of the group, which is not divided by its deviation (Dr. GRPO, arXiv 2503.20783). An
 * unreadable answer counts in the mean and makes no row: there is nothing to render.
 */
export function rewardedCalls({ predictor, members }: Group): readonly RewardedCall[] {
  const mean = sum(members.map(({ reward }) => reward)) / members.length;
  return members.flatMap(({ call: { inputs, outputs }, reward }) =>
    outputs === null ? [] : [{ predictor, inputs, outputs, advantage: reward - mean }],
  );
}
