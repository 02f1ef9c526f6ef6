/** The weights that are chosen from: those at the start, and those after some of the updates, each scored on dev. */
import * as l10n from '../../../base/l10n.ts';
import * as z from 'zod';
import type { ProgramState } from '../../../data/program.ts';
import type { CandidateFacts } from '../../../protocol.ts';
import type { CandidateText, StepContext } from '../../optimizer.ts';
import type { Scope } from '../../scope.ts';
import { scoreOnDev } from '../../scoreCandidate.ts';

export interface Tried {
  readonly candidate: number;
  readonly state: ProgramState;
  /** On dev, in per cent. */
  readonly score: number;
}

export async function tryOut(
  context: StepContext,
  { candidate, state, update }: { readonly candidate: number; readonly state: ProgramState; readonly update: number },
  scope: Scope,
): Promise<Tried> {
  const about: About = { update };
  const { score } = await scoreOnDev(context, { candidate, state, about }, scope, () => null);
  return { candidate, state, score: score.score };
}

/** The best; among equals the later, but trained weights have to be better than those at the start. */
export function best([start, ...trained]: readonly [Tried, ...Tried[]]): Tried {
  const latest = trained.reduce<Tried | null>(
    (winner, one) => (winner === null || one.score >= winner.score ? one : winner),
    null,
  );
  return latest !== null && latest.score > start.score ? latest : start;
}

/** What the log says of a candidate: the update that its weights are of; 0: those at the start. */
const aboutSchema = z.object({ update: z.number() });
type About = z.infer<typeof aboutSchema>;

export function tell(facts: CandidateFacts): CandidateText {
  const about = aboutSchema.safeParse(facts).data;
  if (about === undefined) return { name: '', brief: '', facts: [] };
  const { update } = about;
  const name = update === 0 ? l10n.t('the weights at the start') : l10n.t('weights after update {0}', update);
  return {
    name,
    brief: name,
    facts: [
      { label: l10n.t('Weights'), text: update === 0 ? l10n.t('at the start') : l10n.t('after update {0}', update) },
    ],
  };
}
