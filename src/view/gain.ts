/** Whether a state is really better than the baseline, in words: the same in terminal, editor and page. Pure. */
import * as z from 'zod';
import type { Immutable } from '../base/immutable.ts';
import type { Difference } from '../data/pairedDifference.ts';
import { differenceSchema } from '../protocol.ts';
import type { Started, StepView } from './runView.ts';
import { percent, plural, signed, startName, stepName } from './words.ts';

/** `unclear`: the 95 % interval holds 0, so the difference may be chance. */
const verdictSchema = z.enum(['better', 'worse', 'unclear']);
export type Verdict = z.infer<typeof verdictSchema>;

export function verdictOf({ low, high }: Pick<Difference, 'low' | 'high'>): Verdict {
  if (low > 0) return 'better';
  return high < 0 ? 'worse' : 'unclear';
}

/** `−0.9 to +40.9`. */
export function gainRange({ low, high }: Difference): string {
  return `${signed(low)} to ${signed(high)}`;
}

/** `+20.0 (−0.9 to +40.9, may be chance)`. */
export function gainText(gain: Difference): string {
  return `${signed(gain.points)} (${gainDoubt(gain)})`;
}

/** `−0.9 to +40.9, may be chance`. */
export function gainDoubt(gain: Difference): string {
  return isNothing(gain) ? 'the same on every row' : `${gainRange(gain)}${chance(gain)}`;
}

/** `, may be chance`, where it may. */
export function chance(gain: Difference): string {
  return verdictOf(gain) === 'unclear' && !isNothing(gain) ? ', may be chance' : '';
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
 * @returns `null` while nothing can be said, and for a run that is left at what it began with.
 */
export function runVerdict(
  { steps, started }: { readonly steps: readonly StepView[]; readonly started: Pick<Started, 'from'> | null },
  best: string | null,
): RunVerdict | null {
  const step = steps.find(({ prefix }) => prefix === best);
  if (step === undefined || step.prefix === '') return null;
  const { dev, test } = step.evaluations;
  const name = stepName(step.prefix, startName(started?.from));
  const start = `the ${startName(started?.from)}`;
  if (test?.gain !== undefined) return said(test.gain, name, `${start} on ${plural(test.gain.n, 'test row')}`);
  if (dev?.gain === undefined) return null;
  const rows = `${start} on ${plural(dev.gain.n, 'dev row')}`;
  return said(dev.gain, name, rows, chosenAmong(steps));
}

/** The best of several on the rows that chose it looks a little better than it is. */
function chosenAmong(steps: readonly StepView[]): string {
  const scored = steps.filter(({ evaluations }) => evaluations.dev !== undefined).length;
  return scored > 2
    ? ' It was chosen on these rows, which flatters it a little: rows under "test" would say more.'
    : '';
}

function said(gain: Difference, subject: string, rows: string, more = ''): RunVerdict {
  const verdict = verdictOf(gain);
  if (isNothing(gain)) return { verdict, gain, text: `${subject} scores the same as ${rows}, on every one.` };
  const interval = `95 % interval ${gainRange(gain)}`;
  const text =
    verdict === 'unclear'
      ? `${subject} scores ${signed(gain.points)} points against ${rows} (${interval}), which may be chance.`
      : `${subject} is really ${verdict} than ${rows}, by ${percent(Math.abs(gain.points))} points (${interval}).`;
  return { verdict, gain, text: `${text}${more}` };
}
