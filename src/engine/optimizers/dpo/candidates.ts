/** What is said of the weights that a step chooses among. */
import * as l10n from '../../../base/l10n.ts';
import * as z from 'zod';
import type { CandidateFacts } from '../../../protocol.ts';
import type { CandidateText } from '../../optimizer.ts';

/** What the log says of a candidate. */
const aboutSchema = z.discriminatedUnion('weights', [
  z.object({ weights: z.literal('before') }),
  /** The optimizer step that they were kept after; `null`: the last. */
  z.object({ weights: z.literal('trained'), step: z.number().nullable() }),
]);
export type About = z.infer<typeof aboutSchema>;

export function tell(facts: CandidateFacts): CandidateText {
  const about = aboutSchema.safeParse(facts).data;
  if (about === undefined) return { name: '', brief: '', facts: [] };
  const [name, text] = wordsOf(about);
  return { name, brief: name, facts: [{ label: l10n.t('Weights'), text }] };
}

function wordsOf(about: About): readonly [name: string, fact: string] {
  if (about.weights === 'before') return [l10n.t('the weights before'), l10n.t('before')];
  if (about.step === null) return [l10n.t('the last weights'), l10n.t('the last')];
  return [l10n.t('weights after step {0}', about.step), l10n.t('after step {0}', about.step)];
}
