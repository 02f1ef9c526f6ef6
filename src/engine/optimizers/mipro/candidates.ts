/** What is said of a search's candidates. */
import * as l10n from '../../../base/l10n.ts';
import * as z from 'zod';
import type { CandidateFacts } from '../../../protocol.ts';
import type { CandidateText } from '../../optimizer.ts';
import type { Choice, Combination, Purpose } from './search/terms.ts';

/** What the log says of a candidate. */
const aboutSchema = z.object({
  made: z.enum(['start', 'trial', 'full']),
  /** In words: which of its instructions each predictor has, and which of its demo sets. */
  instructions: z.string(),
  demos: z.string(),
  /** Rows that it is scored on, of so many. */
  rows: z.number(),
  of: z.number(),
});
export type About = z.infer<typeof aboutSchema>;

export function aboutOf(purpose: Purpose, predictors: readonly string[], rows: number, of: number): About {
  const { kind: made } = purpose;
  if (purpose.kind === 'start') return { made, instructions: asFound, demos: asFound, rows, of };
  const { combination } = purpose;
  const each = (say: (choice: Choice) => string) => inWords(combination, predictors, say);
  return { made, instructions: each(instructionText), demos: each(demosText), rows, of };
}

const asFound = 'as found';
/** Places are numbered from 0, and place 0 is what needs no number. */
const instructionText = ({ instruction }: Choice): string => (instruction === 0 ? asFound : `no. ${instruction}`);
const demosText = ({ demoSet }: Choice): string =>
  demoSet === null ? asFound : demoSet === 0 ? 'none' : `set ${demoSet}`;

/** `as found`, or where there are several predictors `hint no. 2, answer as found`. */
function inWords(combination: Combination, predictors: readonly string[], say: (choice: Choice) => string): string {
  const all = combination.map(say);
  const [first] = all;
  if (all.every((text) => text === first)) return first!;
  return all.map((text, i) => `${predictors[i]!} ${text}`).join(', ');
}

export function tell(facts: CandidateFacts): CandidateText {
  const about = aboutSchema.safeParse(facts).data;
  if (about === undefined) return { name: '', brief: '', facts: [] };
  const { made, instructions, demos, rows, of } = about;
  const scoredOn = rows < of ? l10n.t('a minibatch of {0} rows', rows) : l10n.t('all {0} rows', of);
  return {
    name: nameOf[made],
    brief:
      made === 'start'
        ? l10n.t('as the step found it')
        : l10n.t('instructions: {0}; demos: {1}; {2}', instructions, demos, scoredOn),
    facts: [
      { label: l10n.t('Instructions'), text: instructions },
      { label: l10n.t('Demos'), text: demos },
      { label: l10n.t('Scored on'), text: scoredOn },
    ],
  };
}

const nameOf = l10n.texts({
  start: () => l10n.t('start'),
  trial: () => l10n.t('trial'),
  full: () => l10n.t('in full'),
});
