/** The candidates of a prompt search: how each gets its demos, and what is said of it. */
import * as l10n from '../../../base/l10n.ts';
import * as z from 'zod';
import type { CandidateFacts } from '../../../protocol.ts';
import type { CandidateText } from '../../optimizer.ts';
import { PythonRandom } from '../../pythonRandom.ts';
import type { SizedSettings } from './settings.ts';

/** How a candidate gets its demos (dspy/teleprompt/random_search.py). */
export interface CandidatePlan {
  readonly source: 'zeroShot' | 'labels' | 'bootstrap';
  /** DSPy's seed: -3 zero-shot, -2 labels only, -1 unshuffled bootstrap, 0… random subsets. */
  readonly seed: number;
  /** Bootstrapped demos at most. */
  readonly size: number;
}

/**
 * DSPy's schedule: zero-shot; labels only, when labelled demos are allowed; the unshuffled bootstrap; N bootstraps of
 * shuffled rows with a random number of demos. Without bootstrapped demos the last N are labels of shuffled rows
 * (DSPy fails there: stanfordnlp/dspy#1425).
 */
export function candidatePlans(settings: SizedSettings): CandidatePlan[] {
  const { candidates, maxBootstrappedDemos: most, maxLabeledDemos } = settings;
  const plans: CandidatePlan[] = [{ source: 'zeroShot', seed: -3, size: 0 }];
  if (maxLabeledDemos > 0) plans.push({ source: 'labels', seed: -2, size: 0 });
  if (most === 0 && maxLabeledDemos === 0) return plans;
  plans.push({ source: 'bootstrap', seed: -1, size: most });
  for (let seed = 0; seed < candidates; seed++) {
    plans.push({ source: 'bootstrap', seed, size: most === 0 ? 0 : new PythonRandom(seed).randint(1, most) });
  }
  return plans;
}

/** What the log says of a candidate. */
const aboutSchema = z.object({
  source: z.enum(['zeroShot', 'labels', 'bootstrap']),
  seed: z.number(),
  demos: z.number(),
  /** Program runs the bootstrap took, those of them that were correct, and those made ahead and not needed. */
  attempts: z.number(),
  correct: z.number(),
  speculative: z.number(),
});
export type About = z.infer<typeof aboutSchema>;

/** DSPy's seeds below 0 say how demos are found, and shuffle nothing. */
const unshuffledName = l10n.texts({
  zeroShot: () => l10n.t('no demos'),
  labels: () => l10n.t('labelled rows'),
  bootstrap: () => l10n.t('rows in order'),
});
const sourceName = l10n.texts({
  zeroShot: () => l10n.t('no demos'),
  labels: () => l10n.t('labelled rows'),
  bootstrap: () => l10n.t('bootstrapped'),
});

export function tell(facts: CandidateFacts): CandidateText {
  const about = aboutSchema.safeParse(facts).data;
  if (about === undefined) return { name: '', brief: '', facts: [] };
  const { source, seed, demos, attempts, correct, speculative } = about;
  const many = demos === 1 ? l10n.t('{0} demo', demos) : l10n.t('{0} demos', demos);
  const runs =
    speculative === 0
      ? l10n.t('{0} of {1} runs correct', correct, attempts)
      : l10n.t('{0} of {1} runs correct ({2} more, made ahead and not needed)', correct, attempts, speculative);
  return {
    name: seed < 0 ? unshuffledName[source] : l10n.t('seed {0}', seed),
    brief: demos === 0 ? l10n.t('no demos') : source === 'labels' ? `${many}, ${l10n.t('labelled')}` : many,
    facts: [
      { label: l10n.t('Demos'), text: demos === 0 ? l10n.t('none') : `${demos}, ${sourceName[source]}` },
      { label: l10n.t('Bootstrap'), text: source === 'bootstrap' ? runs : '' },
    ],
  };
}
