/** What is said of a search's candidates. */
import * as l10n from '../../../base/l10n.ts';
import * as z from 'zod';
import type { CandidateFacts } from '../../../protocol.ts';
import type { CandidateText } from '../../optimizer.ts';

/** What the log says of a candidate, besides its parents. */
const aboutSchema = z.object({
  made: z.enum(['start', 'reflection', 'merge']),
  /** The predictor whose instruction is new; `null`: it was not made by reflection. */
  predictor: z.string().nullable(),
});
type About = z.infer<typeof aboutSchema>;

export function aboutOf(parents: readonly number[], component: string | null): About {
  const made = (['start', 'reflection', 'merge'] as const)[parents.length] ?? 'merge';
  return { made, predictor: component };
}

export function tell(facts: CandidateFacts): CandidateText {
  const about = aboutSchema.safeParse(facts).data;
  if (about === undefined) return { name: '', brief: '', facts: [] };
  const { made, predictor } = about;
  const changed = predictor ?? (made === 'start' ? l10n.t('nothing') : l10n.t('instructions of both'));
  return { ...namesOf[made](), facts: [{ label: l10n.t('Changed'), text: changed }] };
}

const namesOf = {
  start: () => ({ name: l10n.t('start'), brief: l10n.t('as the step found it') }),
  reflection: () => ({ name: l10n.t('reflection'), brief: l10n.t('a new instruction') }),
  merge: () => ({ name: l10n.t('merge'), brief: l10n.t('instructions of two others') }),
};
