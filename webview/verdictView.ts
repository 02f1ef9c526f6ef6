/** Whether what a run reached is real: told by a sign and a word before a colour. */
import * as l10n from '../src/base/l10n.ts';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Snapshot, StepRow } from '../src/viewProtocol/snapshot.ts';
import { gainDoubt, verdictOf } from '../src/view/gain.ts';
import type { Verdict } from '../src/view/gain.ts';
import { signed } from '../src/view/words.ts';

type Gain = NonNullable<NonNullable<StepRow['evaluations']['dev']>['gain']>;

const signs: Readonly<Record<Verdict, { readonly sign: string; readonly word: string; readonly tone: string }>> = {
  better: { sign: '▲', word: l10n.t('Better'), tone: 'good' },
  unclear: { sign: '≈', word: l10n.t('Unclear'), tone: 'unclear' },
  worse: { sign: '▼', word: l10n.t('Worse'), tone: 'bad' },
};

/** The one sentence that a run is for. */
export function verdictView({ verdict, status, best, steps, asked }: Snapshot): TemplateResult | typeof nothing {
  if (verdict !== null) return said(signs[verdict.verdict], verdict.text, status === 'running');
  const searched = steps.some(({ step, evaluations }) => step !== null && evaluations.dev !== undefined);
  if (status !== 'finished' || best !== '' || !searched) return nothing;
  const text =
    asked.from === null
      ? l10n.t('No step scores more on dev than the baseline: there is nothing to take over from this run.')
      : l10n.t('No step scores more on dev than the start: there is nothing to take over from this run.');
  return said({ sign: '=', word: l10n.t('No gain'), tone: 'unclear' }, text, false);
}

function said({ sign, word, tone }: (typeof signs)[Verdict], text: string, running: boolean): TemplateResult {
  return html`<p class=${`verdict ${tone}`} role="status">
    <strong class=${tone}
      ><span aria-hidden="true">${sign}</span> ${word}${running ? ` ${l10n.t('so far')}` : ''}</strong
    >
    <span>${text}</span>
  </p>`;
}

/** The class that colours a difference by whether it is clear of chance. */
export const toneOf = (difference: Parameters<typeof verdictOf>[0]): string => signs[verdictOf(difference)].tone;

/** `+20.0 (−0.9 to +40.9, may be chance)`; coloured where it is clear of chance. */
export function gainPart(gain: Gain): TemplateResult {
  return html`<span class="gain"
    ><strong class=${toneOf(gain)}>${signed(gain.points)}</strong> <span class="muted">(${gainDoubt(gain)})</span></span
  >`;
}
