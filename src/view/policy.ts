/** The updates of a policy by a step: what each event adds, and in words. */
import type * as z from 'zod';
import { policyUpdatesShownAtMost } from '../base/limits.ts';
import type { Immutable } from '../base/immutable.ts';
import { policyUpdatedSchema } from '../protocol.ts';
import type { EventOf } from '../protocol.ts';
import { count, percent, plural } from './words.ts';

export const policyUpdateSchema = policyUpdatedSchema.omit({ type: true, prefix: true });
export type PolicyUpdate = Immutable<z.infer<typeof policyUpdateSchema>>;

/** The latest updates, with one more. */
export function foldPolicy(before: readonly PolicyUpdate[], event: EventOf<'policy.updated'>): readonly PolicyUpdate[] {
  return [...before, policyUpdateSchema.parse(event)].slice(-policyUpdatesShownAtMost);
}

/** `update 3/20: rollouts score 41.5 %, 6 groups, 2 without a difference, 48 rows, 1 of 64 answers unreadable, 31 tokens an answer, KL 0.0021`. */
export function policyText(one: PolicyUpdate): string {
  const { update, updates, reward, groups, withoutDifference, rows, calls, unreadable, answerTokens, kl } = one;
  return [
    `update ${count(update)}/${count(updates)}: rollouts score ${percent(reward)} %`,
    plural(groups, 'group'),
    ...(withoutDifference === 0 ? [] : [`${count(withoutDifference)} without a difference`]),
    rows === 0 ? 'nothing to learn from' : plural(rows, 'row'),
    ...(unreadable === 0 ? [] : [`${count(unreadable)} of ${plural(calls, 'answer')} unreadable`]),
    ...(answerTokens === undefined ? [] : [`${count(Math.round(answerTokens))} tokens an answer`]),
    ...(kl == null ? [] : [`KL ${klText(kl)}`]),
  ].join(', ');
}

/** Most updates keep below a hundredth. An estimate of it, as some trainers report, may be below 0. */
export function klText(kl: number): string {
  if (kl === 0) return '0';
  return kl > 0 && kl < 0.0001 ? '< 0.0001' : kl.toFixed(4);
}
