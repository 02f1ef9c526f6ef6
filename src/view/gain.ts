/** Whether a state is really better than the baseline, in words: the same in terminal, editor and page. Pure. */
import * as l10n from '../base/l10n.ts';
import * as z from 'zod';
import type { Immutable } from '../base/immutable.ts';
import type { Difference } from '../data/pairedDifference.ts';
import { differenceSchema } from '../protocol.ts';
import { counted } from './counted.ts';
import type { Started, StepView } from './runView.ts';
import { percent, signed, startName, stepName } from './words.ts';

/** `unclear`: the 95 % interval holds 0, so the difference may be chance. */
const verdictSchema = z.enum(['better', 'worse', 'unclear']);
export type Verdict = z.infer<typeof verdictSchema>;

export function verdictOf({ low, high }: Pick<Difference, 'low' | 'high'>): Verdict {
  if (low > 0) return 'better';
  return high < 0 ? 'worse' : 'unclear';
}

/** `−0.9 to +40.9`. */
export function gainRange({ low, high }: Difference): string {
  return l10n.t('{0} to {1}', signed(low), signed(high));
}

/** `+20.0 (−0.9 to +40.9, may be chance)`. */
export function gainText(gain: Difference): string {
  return `${signed(gain.points)} (${gainDoubt(gain)})`;
}

/** `−0.9 to +40.9, may be chance`. */
export function gainDoubt(gain: Difference): string {
  return isNothing(gain) ? l10n.t('the same on every row') : `${gainRange(gain)}${chance(gain)}`;
}

/** `, may be chance`, where it may. */
export function chance(gain: Difference): string {
  return verdictOf(gain) === 'unclear' && !isNothing(gain) ? `, ${l10n.t('may be chance')}` : '';
}

/** No row differs: that is no proof that none would, and nothing to doubt on these. */
const isNothing = ({ differing }: Difference): boolean => differing === 0;

export const runVerdictSchema = z.object({
  verdict: verdictSchema,
  gain: differenceSchema,
  /** For people: a sentence, or two. */
  text: z.string(),
});
export type RunVerdict = Immutable<z.infer<typeof runVerdictSchema>>;

/**
 * What the best state gained, judged by rows that it was not chosen on where there are any: the best of several states on dev
 * is best there by luck too.
 *
 * @param best the key of the state with the best dev score.
 * @param among of how many states it is the best, without baselines: those of this run, if nothing is said.
 * @returns `null` while nothing can be said, and for a run that is left at what it began with.
 */
export function runVerdict(
  { steps, started }: { readonly steps: readonly StepView[]; readonly started: Pick<Started, 'from'> | null },
  best: string | null,
  among = steps.filter(({ prefix, evaluations }) => prefix !== '' && evaluations.dev !== undefined).length,
): RunVerdict | null {
  const step = steps.find(({ prefix }) => prefix === best);
  if (step === undefined || step.prefix === '') return null;
  const { dev, test } = step.evaluations;
  const name = stepName(step.prefix, startName(started?.from));
  const start = (rows: string): string =>
    started?.from == null ? l10n.t('the baseline on {0}', rows) : l10n.t('the start on {0}', rows);
  if (test?.gain !== undefined) return said(test.gain, name, start(counted(test.gain.n, 'testRow')));
  if (dev?.gain === undefined) return null;
  return said(dev.gain, name, start(counted(dev.gain.n, 'devRow')), chosenAmong(among));
}

/** The best of several on the rows that chose it looks a little better than it is. */
function chosenAmong(among: number): string {
  return among > 1
    ? ` ${l10n.t('It was chosen on these rows, which flatters it a little: rows under "test" would say more.')}`
    : '';
}

function said(gain: Difference, subject: string, rows: string, more = ''): RunVerdict {
  const verdict = verdictOf(gain);
  return { verdict, gain, text: `${sentence(gain, verdict, subject, rows)}${isNothing(gain) ? '' : more}` };
}

function sentence(gain: Difference, verdict: Verdict, subject: string, rows: string): string {
  if (isNothing(gain)) return l10n.t('{0} scores the same as {1}, on every one.', subject, rows);
  const interval = l10n.t('95 % interval {0}', gainRange(gain));
  const by = percent(Math.abs(gain.points));
  switch (verdict) {
    case 'unclear':
      return l10n.t(
        '{0} scores {1} points against {2} ({3}), which may be chance.',
        subject,
        signed(gain.points),
        rows,
        interval,
      );
    case 'better':
      return l10n.t('{0} is really better than {1}, by {2} points ({3}).', subject, rows, by, interval);
    case 'worse':
      return l10n.t('{0} is really worse than {1}, by {2} points ({3}).', subject, rows, by, interval);
  }
}
