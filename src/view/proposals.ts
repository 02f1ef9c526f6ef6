/** What came of the proposals of a step that reflects: counted, and in words. */
import * as l10n from '../base/l10n.ts';
import * as z from 'zod';
import { countSchema } from '../base/counts.ts';
import type { Immutable } from '../base/immutable.ts';
import type { EventOf } from '../protocol.ts';
import { counted } from './counted.ts';

export const proposalCountsSchema = z.object({
  /** Better on the minibatch, whether or not they could become the best. */
  accepted: countSchema,
  rejected: countSchema,
  perfect: countSchema,
  /** There to choose from. */
  proposed: countSchema,
  /** By reason. */
  refused: z.record(z.string(), countSchema),
});
export type ProposalCounts = Immutable<z.infer<typeof proposalCountsSchema>>;

const none: ProposalCounts = { accepted: 0, rejected: 0, perfect: 0, proposed: 0, refused: {} };

/** @param before `null`: this is the first. */
export function foldProposals(
  before: ProposalCounts | null,
  { end, reason = '' }: EventOf<'proposal'>,
): ProposalCounts {
  const counts = before ?? none;
  if (end === 'refused') {
    return { ...counts, refused: { ...counts.refused, [reason]: (counts.refused[reason] ?? 0) + 1 } };
  }
  const counted = end === 'stopped' ? 'accepted' : end;
  return { ...counts, [counted]: counts[counted] + 1 };
}

/** `41 proposals: 6 better, 30 no better, 5 unusable (3 JSON, 2 empty); 12 minibatches without a mistake`; `5 proposals: 4 to choose from, 1 unusable (1 JSON)`. */
export function proposalText({ accepted, rejected, perfect, proposed, refused }: ProposalCounts): string {
  const reasons = Object.entries(refused).sort(([, a], [, b]) => b - a);
  const unusable = reasons.reduce((total, [, times]) => total + times, 0);
  const why = reasons.map(([reason, times]) => `${times} ${reason}`).join(', ');
  const tried = proposed === 0 || accepted + rejected > 0;
  const ends = [
    ...(tried ? [l10n.t('{0} better', accepted), l10n.t('{0} no better', rejected)] : []),
    ...(proposed === 0 ? [] : [l10n.t('{0} to choose from', proposed)]),
    ...(unusable === 0 ? [] : [l10n.t('{0} unusable ({1})', unusable, why)]),
  ];
  const passed = perfect === 0 ? '' : `; ${counted(perfect, 'faultlessMinibatch')}`;
  return `${counted(accepted + rejected + proposed + unusable, 'proposal')}: ${ends.join(', ')}${passed}`;
}
