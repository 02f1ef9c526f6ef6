/** What is said of the states that an optimizer of DSPy's evaluates. */
import * as l10n from '../../../base/l10n.ts';
import * as z from 'zod';
import { contentHash } from '../../../base/contentHash.ts';
import type { ProgramState } from '../../../data/program.ts';
import type { CandidateFacts } from '../../../protocol.ts';
import type { CandidateText } from '../../optimizer.ts';

/** What the log says of a candidate. */
const aboutSchema = z.object({
  /** The rows that it was evaluated on; `null`: not known. */
  on: z.enum(['train', 'validation']).nullable(),
  /** Demos in all predictors together. */
  demos: z.number(),
  /** Predictors whose instructions are other ones than at the start of the step. */
  rewritten: z.number(),
  /** Nothing differs from the start of the step. */
  start: z.boolean(),
});
export type About = z.infer<typeof aboutSchema>;

export function aboutOf(state: ProgramState, start: ProgramState, on: About['on']): About {
  const predictors = Object.entries(state.predictors);
  return {
    on,
    demos: predictors.reduce((sum, [, { demos }]) => sum + demos.length, 0),
    rewritten: predictors.filter(([name, { instructions }]) => instructions !== start.predictors[name]?.instructions)
      .length,
    start: contentHash(state) === contentHash(start),
  };
}

const onRows = l10n.texts({ train: () => l10n.t('on training rows'), validation: () => l10n.t('on validation rows') });
const rows = l10n.texts({ train: () => l10n.t('training rows'), validation: () => l10n.t('validation rows') });

export function tell(facts: CandidateFacts): CandidateText {
  const about = aboutSchema.safeParse(facts).data;
  if (about === undefined) return { name: '', brief: '', facts: [] };
  const { on, demos, rewritten, start } = about;
  const parts = [
    ...(rewritten === 0
      ? []
      : [rewritten === 1 ? l10n.t('{0} new instruction', rewritten) : l10n.t('{0} new instructions', rewritten)]),
    ...(demos === 0 ? [] : [demos === 1 ? l10n.t('{0} demo', demos) : l10n.t('{0} demos', demos)]),
  ];
  const holds = start ? l10n.t('as the step found it') : parts.length === 0 ? l10n.t('no demos') : parts.join(', ');
  return {
    name: l10n.t('evaluation'),
    brief: on === null ? holds : `${holds}, ${onRows[on]}`,
    facts: [
      { label: l10n.t('Evaluated on'), text: on === null ? '' : rows[on] },
      { label: l10n.t('Demos'), text: demos === 0 ? l10n.t('none') : String(demos) },
      { label: l10n.t('New instructions'), text: rewritten === 0 ? l10n.t('none') : String(rewritten) },
    ],
  };
}
